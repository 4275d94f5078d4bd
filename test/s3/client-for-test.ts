import { Counters } from "../../src/lib/counters.ts";
import { S3Client, type S3ClientOptions } from "../../src/s3/s3-client.ts";
import { ManualClock } from "../support/manual-clock.ts";

/** Keys unknown to any server. */
export const TEST_KEYS = { AWS_ACCESS_KEY_ID: "AKIDTEST", AWS_SECRET_ACCESS_KEY: "secret-of-test" };

/** A client of `bucket` at `endpoint` that does not wait between retries, with its recorded state. */
export function clientFor(
  endpoint: string,
  options: Partial<S3ClientOptions> = {},
): { client: S3Client; counters: Counters; clock: ManualClock } {
  const counters = new Counters();
  const clock = new ManualClock();
  const client = new S3Client({
    bucket: "bucket",
    region: "us-east-1",
    endpointUrl: endpoint,
    pathStyle: true,
    env: TEST_KEYS,
    counters,
    clock,
    random: () => 0.5,
    ...options,
  });
  return { client, counters, clock };
}
