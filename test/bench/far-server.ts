import { resolve } from "node:path";
import { PROJECT_DIR } from "../support/binary.ts";
import type { S3Server } from "../support/s3-server.ts";

/** The S3 server seen over a line with a round trip time, through the latency proxy in a process of its own. */
export interface FarServer extends AsyncDisposable {
  endpoint: string;
}

/** 0 ms: the server itself, so that the proxy's own work does not count. */
export async function farServer(server: S3Server, latencyMs: number): Promise<FarServer> {
  if (latencyMs === 0) return { endpoint: server.endpoint, async [Symbol.asyncDispose]() {} };
  const proxy = Bun.spawn(
    [
      process.execPath,
      resolve(PROJECT_DIR, "test/support/latency-proxy.ts"),
      `--target=${server.endpoint}`,
      `--latency-ms=${latencyMs}`,
    ],
    { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
  );
  const { value } = await proxy.stdout.getReader().read();
  const { port } = JSON.parse(new TextDecoder().decode(value)) as { port: number };
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await proxy.stdin.end();
      await proxy.exited;
    },
  };
}
