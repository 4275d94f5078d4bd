/** The lines of `explain`. */
import type { Explanation, NativeExplanation } from "../../app/explain/explain.ts";
import type { MissGroup } from "../../app/explain/group-misses.ts";
import { formatCount } from "../../app/summary/figures.ts";
import { nativeDetails, nativeHeadline } from "../../app/summary/native-text.ts";
import { formatAge } from "../../lib/text/duration.ts";
import { printable } from "../../lib/text/printable.ts";
import { wrapText } from "./text-layout.ts";

const SHOWN_ACTIONS = 3;
const NOTHING = "no go command with misses is known here\n";

const MEANINGS: Readonly<Record<MissGroup["why"], string>> = {
  new:
    "never seen before: the sources, flags, environment, go version or directory are new (without -trimpath, the paths " +
    "of the checkout and the module cache count)",
  elsewhere: "seen elsewhere only, in records that this job does not read",
  evicted: "stored earlier, and evicted since",
  remote: "the bucket did not answer, or was bypassed",
  refused: "named only by records without a trusted signature",
  undecided: "unknown, because the bucket's records can't be read now",
};

const LIMITS =
  "go names an action by a hash of all its inputs, which reveals neither the package nor the changed input: " +
  '"go build -v ./..." lists what it compiles. Entries that another program removed from the cache directory count as ' +
  "never seen before, and so do those of runs after gc removed their records.";

const NATIVE =
  "This job used go's own cache directory, filled by restore and read out by save. Go tells nobody what it looks up " +
  'there: "go build -v ./..." lists what it compiles. To have misses explained, run the job once with GOCACHEPROG.';

const NATIVE_MODULES =
  'A module that go downloads all the same ("go: downloading" on its stderr) was in no earlier run of this job, or no ' +
  "go.sum of the checkout names it yet, or go wants its zip, and restore has brought only its files.";

/** `nowMs`: the current time, for the age. */
export function explainText(explanation: Explanation | NativeExplanation | undefined, nowMs: number): string {
  if (explanation === undefined) return NOTHING;
  if ("native" in explanation) return nativeExplanation(explanation.native);
  const { session, goCommands, groups, unlisted, problem } = explanation;
  const { lookUps, missed, endedAtMs, scope } = session;
  const where = printable(`${scope.project}, branch ${scope.branch}, job ${scope.job}, ${scope.platform}`);
  const age = formatAge(nowMs - endedAtMs);
  const lines = [
    `${formatCount(missed)} of ${formatCount(lookUps)} lookups missed in ${commandsText(goCommands)}`,
    `(${age === "now" ? "just now" : `${age} ago`}; ${where})`,
    ...groups.flatMap(groupLines),
    ...(unlisted > 0 ? [`${formatCount(unlisted)} more ${wereOf(unlisted)} not recorded`] : []),
    ...bucketLines(problem, session.hasRemote),
    "",
    wrapText(LIMITS, 0),
  ];
  return `${lines.join("\n")}\n`;
}

function nativeExplanation(native: NativeExplanation["native"]): string {
  const lines = [
    nativeHeadline(native),
    nativeDetails(native),
    "",
    wrapText(NATIVE, 0),
    "",
    wrapText(NATIVE_MODULES, 0),
  ];
  return `${lines.join("\n")}\n`;
}

function groupLines({ why, count: number, compiled, compileMs, details, actions }: MissGroup): string[] {
  const compiledText = `${formatCount(compiled)} ${wereOf(compiled)} built, ${(compileMs / 1000).toFixed(1)} s in total`;
  return [
    "",
    wrapText(`${formatCount(number)}  ${MEANINGS[why]}${compiled === 0 ? "" : `; ${compiledText}`}`, 0),
    ...details.map((detail) => printable(`    ${formatCount(detail.count)}  ${detail.what}`)),
    `    such as ${actions.slice(0, SHOWN_ACTIONS).map(shortened).join(", ")}`,
  ];
}

function commandsText(goCommands: number | undefined): string {
  if (goCommands === undefined) return "the last go command with misses";
  return goCommands === 1
    ? "the only go command of this job with misses"
    : `the ${formatCount(goCommands)} go commands of this job with misses`;
}

function wereOf(count: number): string {
  return count === 1 ? "was" : "were";
}

/** Enough for "inspect" to find it. */
function shortened(actionId: string): string {
  return actionId.slice(0, 16);
}

function bucketLines(problem: string | undefined, hasRemote: boolean): string[] {
  if (problem !== undefined) return ["", printable(`the bucket's records were not read: ${problem}`)];
  return hasRemote ? [] : ["", "no bucket is set: only the local cache was checked"];
}
