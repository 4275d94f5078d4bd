/** Sends `<dir>/file` by `<scheme>` to a server that drops it; prints what arrived and the process's peak of memory. */
import { statSync } from "node:fs";
import { peakMemoryBytes } from "../../src/lib/process/peak-memory.ts";
import { putObject } from "../../src/s3/operations/put-object.ts";
import { makeCertificate } from "../support/certificate.ts";
import { clientFor, TEST_KEYS } from "./client-for-test.ts";

const [scheme, dir = ""] = process.argv.slice(2);
const { cert, key, certPath } = await makeCertificate(dir);
let received = 0;
const server = Bun.serve({
  port: 0,
  maxRequestBodySize: 2 ** 40,
  ...(scheme === "https" ? { tls: { cert, key } } : {}),
  async fetch(request) {
    for await (const chunk of request.body ?? []) received += chunk.length;
    return new Response(null, { headers: { etag: `"e"` } });
  },
});
const path = `${dir}/file`;
const { client } = clientFor(`${scheme}://localhost:${server.port}`, {
  env: { ...TEST_KEYS, AWS_CA_BUNDLE: certPath },
});
await putObject(client, "key", { path, sizeBytes: statSync(path).size }, { sha256: "0".repeat(64) });
await server.stop();
console.log(JSON.stringify({ received, peakBytes: peakMemoryBytes() }));
