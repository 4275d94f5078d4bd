/** A row of the report: one fault, and the runs that show what it does. */
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
  cases: { full: Case[]; short: Case[] };
}

/** Both layouts, each in both modes. */
export const SETTINGS: Setting[] = LAYOUTS.flatMap((layout) => MODES.map((mode) => ({ layout, mode })));

/** Both layouts, in one mode each; whether `index` is even decides which. */
export function someSettings(index: number): Setting[] {
  return SETTINGS.filter(
    ({ layout, mode }) => LAYOUTS.indexOf(layout) === (MODES.indexOf(mode) + index) % LAYOUTS.length,
  );
}

/** A row of a local fault: in full, `times` in each setting. */
export function localRow(
  fault: string,
  options: { index: number; times?: number },
  run: (stage: Stage, setting: Setting, random: Random) => Promise<Verdict>,
): Row {
  const casesOf = (settings: Setting[]) =>
    settings.map((setting) => ({
      what: `${setting.layout}, ${setting.mode}`,
      run: (stage: Stage, random: Random) => run(stage, setting, random),
    }));
  const full = Array.from({ length: options.times ?? 1 }, () => casesOf(SETTINGS)).flat();
  return { fault, cases: { full, short: casesOf(someSettings(options.index)) } };
}
