/** The shortest form of `npm run soak`: twenty of each are one of each kind. */
import { setDefaultTimeout, test } from "bun:test";
import { expectFlat } from "../soak/expect-flat.ts";

// A guard against hanging only.
setDefaultTimeout(300_000);

test("sessions and downloads of every kind leave neither descriptors nor files nor memory", async () => {
  await expectFlat({ steps: 5, sessionsPerStep: 20, requestsPerStep: 60 });
});
