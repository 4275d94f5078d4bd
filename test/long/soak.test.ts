/** A short form of `npm run soak`. */
import { setDefaultTimeout, test } from "bun:test";
import { expectFlat } from "../soak/expect-flat.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

test("hundreds of sessions and thousands of downloads leak neither descriptors nor files nor memory", async () => {
  await expectFlat({ steps: 10, sessionsPerStep: 50, requestsPerStep: 300 });
});
