import { lstatSync } from "node:fs";
import { join } from "node:path";
import { listFiles } from "../lib/files/list-files.ts";
import { FOLDERS } from "./go-folders.ts";

const ACTION_FILE = /^([0-9a-f]{64})-a$/;

/**
 * The actions that go used or put since a time, by the files' modification times, in ascending order, folder by folder. go
 * notes a use at most once an hour: pass a time of an hour before.
 */
export async function* usedActions(root: string, sinceMs: number): AsyncGenerator<string[], void, void> {
  for (const name of FOLDERS) {
    yield actionsIn(join(root, name), name, sinceMs);
    await new Promise(setImmediate);
  }
}

function actionsIn(folder: string, start: string, sinceMs: number): string[] {
  const used = listFiles(folder).flatMap((name) => {
    const actionId = ACTION_FILE.exec(name)?.[1];
    if (actionId === undefined || !actionId.startsWith(start)) return [];
    return wasUsed(join(folder, name), sinceMs) ? [actionId] : [];
  });
  return used.sort();
}

function wasUsed(path: string, sinceMs: number): boolean {
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    return stat?.isFile() === true && stat.mtimeMs >= sinceMs;
  } catch {
    return false;
  }
}
