import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "./process.ts";
import type { S3Server } from "./s3-server.ts";

/**
 * Copies the objects below a prefix to a new bucket, on the server's disk, so that each case begins with the same. The
 * prefix stays, since records name it.
 */
export async function copyToBucket(server: S3Server, prefix: string, bucket: string): Promise<void> {
  const target = join(server.dataDir, bucket);
  mkdirSync(target);
  const { exitCode, stderr } = await run(["cp", "-a", join(server.dataDir, server.bucket, prefix), target]);
  if (exitCode !== 0) throw new Error(`cp: ${stderr}`);
}
