/** The shortest form of `npm run soak`: twenty sessions and twenty downloads have one of each kind. */
import { setDefaultTimeout, test } from "bun:test";
import { expectFlat } from "../soak/expect-flat.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

test("sessions and downloads of every kind leak neither descriptors nor files nor memory", async () => {
  await expectFlat({ steps: 5, sessionsPerStep: 20, requestsPerStep: 60 });
});
