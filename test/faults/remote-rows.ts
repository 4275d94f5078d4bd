import type { Random } from "./random.ts";
import { type Operation, REMOTE_FAULTS, type RemoteFault } from "./remote-faults.ts";
import { type Case, type Row, SETTINGS, shortCases } from "./row.ts";
import type { Stage } from "./stage.ts";
import { type Setting, trial, type Verdict } from "./trial.ts";

/** Short, so that many faults that hang don't take too long. */
const IMPATIENT = ["--remote-timeout=1s"];

/** Full form: each operation by itself in every setting; short form: all of them together, in each layout. */
export const REMOTE_ROWS: Row[] = REMOTE_FAULTS.map((fault, index) => ({
  fault: fault.name,
  cases: {
    full: fault.on.flatMap((operation) =>
      SETTINGS.filter(({ layout }) => operation !== "list" || layout === "packed").map((setting) =>
        remoteCase(fault, operation, setting),
      ),
    ),
    short: shortCases(index, (setting) =>
      remoteCase(fault, fault.on.includes("list") ? "any" : (fault.on[0] ?? "any"), setting, IMPATIENT),
    ),
  },
}));

function remoteCase(fault: RemoteFault, operation: Operation, setting: Setting, flags: string[] = []): Case {
  return {
    what: `${operation}, ${setting.layout}, ${setting.mode}`,
    run: (stage, random) => runRemote(stage, random, { fault, operation, setting, flags }),
  };
}

async function runRemote(
  stage: Stage,
  random: Random,
  options: { fault: RemoteFault; operation: Operation; setting: Setting; flags: string[] },
): Promise<Verdict> {
  const { fault, operation, setting, flags } = options;
  await using line = await fault.open(stage, operation, random);
  // With a full bucket there would be no puts.
  const bucket = await stage.newBucket(setting.layout, operation === "put" ? "nothing" : "stock");
  // A machine that may end with go makes go wait for its uploads.
  const env = { CI: "true" };
  const verdict = await trial(stage, { ...setting, endpoint: line.endpoint, bucket, env, flags });
  if (!line.hasStruck()) throw new Error(`${fault.name} affected no ${operation}`);
  return verdict;
}
