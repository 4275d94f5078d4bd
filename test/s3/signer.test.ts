import { describe, expect, test } from "bun:test";
import { signedHeaders } from "../../src/s3/signer.ts";
import vectors from "../fixtures/sigv4-s3.json" with { type: "json" };

// Without the fourth published example: it signs a `Date` header, which this client never sends.
describe("AWS's published examples", () => {
  for (const { name, method, url, headers, sha256, authorization } of vectors.examples) {
    test(name, async () => {
      const request = {
        method,
        url: new URL(url),
        headers: { ...headers } as Record<string, string>,
        sha256,
      };
      const { credentials, region, date } = vectors;
      const signed = await signedHeaders(request, { credentials, region, date: new Date(date) });
      expect(signed.authorization).toBe(authorization);
    });
  }
});

test("a session's token is sent and signed", async () => {
  const url = new URL("https://examplebucket.s3.amazonaws.com/test.txt");
  const credentials = { ...vectors.credentials, sessionToken: "token/of+session==" };
  const signed = await signedHeaders(
    { method: "GET", url, headers: {}, sha256: "0".repeat(64) },
    { credentials, region: "eu-west-1", date: new Date(vectors.date) },
  );
  expect(signed["x-amz-security-token"]).toBe("token/of+session==");
  expect(signed.authorization).toContain("x-amz-date;x-amz-security-token,");
  expect(signed["x-amz-content-sha256"]).toBe("0".repeat(64));
});
