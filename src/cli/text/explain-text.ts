/** The lines of `explain`. */
import type { Explanation } from "../../app/explain/explain.ts";
import type { MissGroup } from "../../app/explain/group-misses.ts";
import { formatCount } from "../../app/summary/figures.ts";
import { formatAge } from "../../lib/text/duration.ts";
import { printable } from "../../lib/text/printable.ts";
import { wrapText } from "./text-layout.ts";

const SHOWN_ACTIONS = 3;
const NOTHING = "no go command is known here that missed anything\n";

const MEANINGS: Readonly<Record<MissGroup["why"], string>> = {
  new:
    "never seen before: the sources, the flags, the environment, go itself or the directory are new (without -trimpath, " +
    "the paths of the checkout and of the module cache count)",
  elsewhere: "seen elsewhere only, in records that this job does not read",
  evicted: "was there once, and is gone",
  remote: "the bucket did not answer, or was not asked",
  refused: "named only by records that no trusted key has signed",
  undecided: "can't be told, for the bucket's records can't be read now",
};

const LIMITS =
  "go names an action by a hash of all its inputs, so which package it was, and which of its inputs has changed, can't be " +
  'told from here: "go build -v ./..." names what is compiled. Files that somebody else removed from the cache directory ' +
  "look as if they had never been seen, and so do runs whose records gc has removed.";

/** `nowMs`: for how long ago it was. */
export function explainText(explanation: Explanation | undefined, nowMs: number): string {
  if (explanation === undefined) return NOTHING;
  const { session, goCommands, groups, unlisted, problem } = explanation;
  const { lookUps, missed, endedAtMs, scope } = session;
  const where = printable(`${scope.project}, branch ${scope.branch}, job ${scope.job}, ${scope.platform}`);
  const age = formatAge(nowMs - endedAtMs);
  const lines = [
    `${formatCount(missed)} of ${formatCount(lookUps)} lookups missed in ${commandsText(goCommands)}`,
    `(${age === "now" ? "just now" : `${age} ago`}; ${where})`,
    ...groups.flatMap(groupLines),
    ...(unlisted > 0 ? [`${formatCount(unlisted)} more ${wereOf(unlisted)} not written down`] : []),
    ...bucketLines(problem, session.hasRemote),
    "",
    wrapText(LIMITS, 0),
  ];
  return `${lines.join("\n")}\n`;
}

function groupLines({ why, count: number, made, madeMs, details, actions }: MissGroup): string[] {
  const madeText = `${formatCount(made)} ${wereOf(made)} made, ${(madeMs / 1000).toFixed(1)} s added up`;
  return [
    "",
    wrapText(`${formatCount(number)}  ${MEANINGS[why]}${made === 0 ? "" : `; ${madeText}`}`, 0),
    ...details.map((detail) => printable(`    ${formatCount(detail.count)}  ${detail.what}`)),
    `    such as ${actions.slice(0, SHOWN_ACTIONS).map(shortened).join(", ")}`,
  ];
}

function commandsText(goCommands: number | undefined): string {
  if (goCommands === undefined) return "the last go command that missed anything";
  return goCommands === 1
    ? "the one go command of this job that missed anything"
    : `the ${formatCount(goCommands)} go commands of this job that missed anything`;
}

function wereOf(count: number): string {
  return count === 1 ? "was" : "were";
}

/** As much as "inspect" needs to find it. */
function shortened(actionId: string): string {
  return actionId.slice(0, 16);
}

function bucketLines(problem: string | undefined, hasRemote: boolean): string[] {
  if (problem !== undefined) return ["", printable(`the bucket's records were not read: ${problem}`)];
  return hasRemote ? [] : ["", "no bucket was set: only this disk was looked at"];
}
