import { expect } from "bun:test";
import { runSoak, type SoakOptions } from "./soak.ts";
import { soakTable } from "./verdict.ts";

const MIB = 1 << 20;

/** The maximum of idle connections: as many as requests at once. */
const MAX_SOCKETS = 128;

/** Runs a soak that is too short for medians: after the second step, no step may leave anything. */
export async function expectFlat(options: SoakOptions): Promise<void> {
  const { samples, end } = await runSoak(options);
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
}
