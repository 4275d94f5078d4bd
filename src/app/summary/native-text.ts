/** What `restore` and `save` did, as text. */
import { formatByteSize } from "../../lib/text/byte-size.ts";
import { formatCount } from "./figures.ts";
import type { ModuleFigures, NativeFigures } from "./native-figures.ts";

/** `98.9 % of the entries used were stored before (1,130 of 1,142)`; without a save what was restored. */
export function nativeHeadline(figures: NativeFigures): string {
  const { saves, used, added, modules } = figures;
  if (saves === 0) return restoredHeadline(figures);
  if (used > 0) return storedBefore("entries used", used, added);
  // Nothing tells which of them go has used.
  return modules === undefined || modules.present === 0
    ? "go used no entries"
    : storedBefore("modules", modules.present, modules.added);
}

function restoredHeadline({ restored, modules }: NativeFigures): string {
  if (restored + (modules?.restored ?? 0) === 0) return "nothing restored";
  return `${restoredParts(restored, modules).join(" and ")} restored`;
}

function storedBefore(what: string, used: number, added: number): string {
  const known = Math.max(0, used - added);
  // Rounded down: only all of them are 100 %.
  const percent = (Math.floor((1000 * known) / used) / 10).toFixed(1);
  return `${percent} % of the ${what} were stored before (${formatCount(known)} of ${formatCount(used)})`;
}

/** `restored: 1,279 entries, 120 modules, 58.2 MiB fetched; saved: 12 new entries, 1 new module`. */
export function nativeDetails(figures: NativeFigures): string {
  const { restores, restored, fetchedBytes, saves, added, modules } = figures;
  const parts = [
    ...(restores === 0
      ? []
      : [
          `restored: ${restoredParts(restored, modules).join(", ")}, ${formatByteSize(fetchedBytes)} fetched`,
        ]),
    ...(saves === 0 ? [] : [`saved: ${savedParts(added, modules?.added ?? 0).join(", ")}`]),
  ];
  return parts.join("; ");
}

/** At least one part. */
function restoredParts(restored: number, modules: ModuleFigures | undefined): string[] {
  const { restored: brought = 0, missing = 0 } = modules ?? {};
  if (brought + missing === 0) return [entries(restored)];
  const share = missing === 0 ? "" : `${formatCount(brought)} of `;
  return [...(restored === 0 ? [] : [entries(restored)]), `${share}${moduleCount(brought + missing)}`];
}

function savedParts(added: number, modules: number): string[] {
  if (added + modules === 0) return ["nothing new"];
  return [
    ...(added === 0 ? [] : [entries(added, "new ")]),
    ...(modules === 0 ? [] : [moduleCount(modules, "new ")]),
  ];
}

function entries(count: number, kind = ""): string {
  return `${formatCount(count)} ${kind}${count === 1 ? "entry" : "entries"}`;
}

function moduleCount(count: number, kind = ""): string {
  return `${formatCount(count)} ${kind}${count === 1 ? "module" : "modules"}`;
}
