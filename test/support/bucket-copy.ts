import { join } from "node:path";
import { run } from "./process.ts";
import type { S3Server } from "./s3-server.ts";

/**
 * Copies the bucket's objects below `from` to `to`, on the server's disk, so that each measurement begins with the same
 * bucket. Records still name the packs below `from`.
 */
export async function copyPrefix(server: S3Server, from: string, to: string): Promise<void> {
  const bucketDir = join(server.dataDir, server.bucket);
  const { exitCode, stderr } = await run(["cp", "-a", join(bucketDir, from), join(bucketDir, to)]);
  if (exitCode !== 0) throw new Error(`cp: ${stderr}`);
}
