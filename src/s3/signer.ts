/**
 * AWS Signature Version 4 in the `Authorization` header, with the body's hash signed.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
import type { Credentials } from "./credentials/credentials.ts";

/** The request to sign, without its body. */
export interface Signable {
  method: string;
  url: URL;
  headers: Record<string, string>;
  /** SHA-256 of the body, in lower-case hex. */
  sha256: string;
}

/** Keys, region and time of a signature. */
export interface SigningContext {
  credentials: Credentials;
  region: string;
  date: Date;
}

/** Returns the request's headers with the signature. */
export async function signedHeaders(
  request: Signable,
  { credentials, region, date }: SigningContext,
): Promise<Record<string, string>> {
  const [{ SignatureV4 }, { Sha256 }] = await Promise.all([
    import("@smithy/signature-v4"),
    import("@aws-crypto/sha256-js"),
  ]);
  // Only S3 signs the path as sent, without encoding it again.
  const signer = new SignatureV4({
    credentials: toIdentity(credentials),
    region,
    service: "s3",
    sha256: Sha256,
    uriEscapePath: false,
  });
  const signed = await signer.sign(toHttpRequest(request), { signingDate: date });
  return signed.headers;
}

function toIdentity({ accessKeyId, secretAccessKey, sessionToken }: Credentials) {
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

function toHttpRequest({ method, url, headers, sha256 }: Signable) {
  return {
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { ...headers, host: url.host, "x-amz-content-sha256": sha256 },
  };
}
