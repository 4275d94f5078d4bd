/**
 * `npm run soak [-- --steps=N]`: a server's use of resources over a long life, and whether it grows. Ends with 1 when
 * it does.
 */
import { parseArgs } from "node:util";
import { formatByteSize } from "../../src/lib/text/byte-size.ts";
import { runSoak } from "./soak.ts";
import { soakLine, soakTable, whatGrew } from "./verdict.ts";

const SESSIONS_PER_STEP = 100;
const REQUESTS_PER_STEP = 2_000;
/** The average size of a team's downloads, to estimate the traffic that this many requests stand for. */
const USUAL_BYTES = 512 << 10;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { steps: { type: "string", default: "200" } } });
  const steps = Number(values.steps);
  if (!(Number.isInteger(steps) && steps >= 20)) throw new Error("--steps: a whole number, 20 at least");
  const { samples, end } = await runSoak({
    steps,
    sessionsPerStep: SESSIONS_PER_STEP,
    requestsPerStep: REQUESTS_PER_STEP,
    onSample: (sample) => console.error(soakLine(sample)),
  });
  const { sessions = 0, requests = 0, movedBytes = 0 } = samples.at(-1) ?? {};
  const standsFor = formatByteSize(requests * USUAL_BYTES);
  console.log(soakTable(samples));
  console.log(
    `\n${sessions} sessions; ${requests} requests through the proxies, as many as ${standsFor} of downloads take; bytes really moved: ${formatByteSize(movedBytes)}.`,
  );
  const grown = whatGrew(samples);
  if (end.exitCode !== 0) grown.push(`the server ended with ${end.exitCode}: ${end.stderr}`);
  console.log(grown.length === 0 ? "Flat." : `Not flat.\n${grown.join("\n")}`);
  return grown.length === 0 ? 0 : 1;
}

process.exitCode = await main();
