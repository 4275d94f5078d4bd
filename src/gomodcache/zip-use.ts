/**
 * Which zips a job wants for themselves, beside the modules' files. Nothing tells that go has used a zip: `go mod download`
 * only looks whether it is there. So a job shows once that it wants one, by fetching it, and the time of the file carries
 * that on: a zip that was restored has the time at which a job fetched it, and not that of its restoring. After two weeks it
 * is restored no more, and the job has to show it again.
 */
import { lstatSync } from "node:fs";
import type { ModuleVersion } from "../gomod/module-version.ts";
import { statPlainFile } from "../lib/files/stat-file.ts";
import type { ModuleDirs } from "./module-dirs.ts";

const WANTED_MS = 14 * 24 * 3_600_000;
/** A file system may keep a time less exactly than it is noted. */
const SAME_MS = 24 * 3_600_000;

/**
 * When a job has shown that it wants the zip (ms since 1970); `undefined`: none has. Go fetches a zip, then unpacks it. So a
 * zip that is newer than the folder of files was fetched for itself; and one without go's lock was not fetched by go.
 */
export function zipShownMs(dirs: ModuleDirs, module: ModuleVersion): number | undefined {
  const zip = statPlainFile(dirs.file(module, "zip"));
  if (zip === undefined || !dirs.hasTree(module)) return undefined;
  const tree = lstatSync(dirs.tree(module), { throwIfNoEntry: false });
  const isForItself = tree !== undefined && zip.mtimeMs > tree.mtimeMs;
  return isForItself || !dirs.has(module, "lock") ? zip.mtimeMs : undefined;
}

/** Whether a job that has shown it then still counts as wanting the zip. */
export function isZipWanted(shownMs: number, nowMs: number): boolean {
  return nowMs - shownMs < WANTED_MS;
}

/** Whether the job has shown it again, since the record of that was made. */
export function isShownAgain(shownMs: number, recordedMs: number): boolean {
  return shownMs - recordedMs > SAME_MS;
}
