/** The short form of `npm run soak`. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { runSoak } from "../soak/soak.ts";
import { soakTable } from "../soak/verdict.ts";

// A guard against hanging only.
setDefaultTimeout(300_000);

const MIB = 1 << 20;

/** Of connections that are kept for the next request, as many as there are at once at most. */
const MAX_SOCKETS = 128;

test("hundreds of sessions and thousands of downloads leave neither descriptors nor files nor memory", async () => {
  const { samples, end } = await runSoak({ steps: 10, sessionsPerStep: 50, requestsPerStep: 300 });
  console.log(soakTable(samples));
  const [, early, ...later] = samples;
  for (const { tempFiles, descriptors } of later) {
    const { sessions, files, others, sockets } = descriptors;
    const left = { tempFiles, sessions, files, others };
    expect(left).toEqual({ tempFiles: 0, sessions: 0, files: 0, others: early?.descriptors.others ?? 0 });
    expect(sockets).toBeLessThan(MAX_SOCKETS);
  }
  expect(samples.at(-1)?.residentBytes).toBeLessThan((early?.residentBytes ?? 0) + 128 * MIB);
  expect({ exitCode: end.exitCode, stderr: end.stderr }).toEqual({ exitCode: 0, stderr: "" });
});
