/** A row of the report: one fault, and the runs that show its effect. */
import type { Random } from "./random.ts";
import { LAYOUTS, type Stage } from "./stage.ts";
import { MODES, type Setting, type Verdict } from "./trial.ts";

export interface Case {
  /** `get, packed, serve`. */
  what: string;
  run(stage: Stage, random: Random): Promise<Verdict>;
}

export interface Row {
  fault: string;
  /** `short`: with few packages, shorter waits and fewer repetitions. `npm test` runs only the first of these. */
  cases: { full: Case[]; short: [Case, ...Case[]] };
}

/** Both layouts, each in both modes. */
export const SETTINGS: Setting[] = LAYOUTS.flatMap((layout) => MODES.map((mode) => ({ layout, mode })));

/** Both layouts, in one mode each. Each of four rows with successive `index` begins with another setting. */
function someSettings(index: number): [Setting, Setting] {
  const modes = index % 2 === 0 ? MODES : MODES.toReversed();
  const [packed, split] = LAYOUTS.map((layout, n) => ({ layout, mode: modes[n] })) as [Setting, Setting];
  return index % 4 < 2 ? [packed, split] : [split, packed];
}

/** A case in each of these. */
export function shortCases(index: number, caseOf: (setting: Setting) => Case): [Case, Case] {
  const [first, second] = someSettings(index);
  return [caseOf(first), caseOf(second)];
}

/** A row of a local fault: full form: `times` in each setting; short form: in `someSettings`. */
export function localRow(
  fault: string,
  options: { index: number; times?: number },
  run: (stage: Stage, setting: Setting, random: Random) => Promise<Verdict>,
): Row {
  const caseOf = (setting: Setting): Case => ({
    what: `${setting.layout}, ${setting.mode}`,
    run: (stage, random) => run(stage, setting, random),
  });
  const full = Array.from({ length: options.times ?? 1 }, () => SETTINGS.map(caseOf)).flat();
  return { fault, cases: { full, short: shortCases(options.index, caseOf) } };
}
