/**
 * A running server, as it noted itself: `state/serve-<hash of its addresses>.json` in the cache directory,
 *
 *     {"pid":…,"plugin":"127.0.0.1:5930","http":"…","startedAtMs":…}
 *
 * beside it, with `--detach`, its log, `state/serve-<hash>.log`. It is there from when all is ready until the end.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { listFiles } from "../../lib/list-files.ts";
import { formatListenAddress, type ListenAddress } from "../../lib/listen-address.ts";
import { removeFile } from "../../lib/remove-file.ts";
import { replaceFile } from "../../lib/replace-file.ts";
import { readSmallFile } from "../../lib/small-file.ts";
import { STATE_DIR } from "../../store/local-dir.ts";
import type { ServeConfig } from "../config.ts";

export interface ServerNote {
  pid: number;
  /** As they can be connected to. */
  plugin: string | undefined;
  http: string | undefined;
  startedAtMs: number;
}

/** Where the server with that configuration notes itself. */
export function serverFile(root: string, config: Pick<ServeConfig, "plugin" | "http">): string {
  const hash = Bun.hash(`${text(config.plugin)} ${text(config.http)}`)
    .toString(16)
    .padStart(16, "0");
  return join(root, STATE_DIR, `serve-${hash}.json`);
}

/** Where its output goes when it is detached. */
export function logFile(root: string, config: Pick<ServeConfig, "plugin" | "http">): string {
  return serverFile(root, config).replace(/json$/, "log");
}

/** Never throws: a server that can't be noted serves all the same. */
export function noteServer(path: string, note: ServerNote): void {
  try {
    replaceFile(path, `${JSON.stringify(note)}\n`);
  } catch {
    // It can't be found by --stop and --status then.
  }
}

/** Removes the note of this process, and no other's. */
export function removeNote(path: string): void {
  if (readNote(path)?.pid === process.pid) removeFile(path);
}

/** The servers that run with that cache directory. Notes of dead ones are removed. */
export function runningServers(root: string): { path: string; note: ServerNote }[] {
  const names = listFiles(join(root, STATE_DIR)).filter((name) => /^serve-[0-9a-f]{16}\.json$/.test(name));
  return names.flatMap((name) => {
    const path = join(root, STATE_DIR, name);
    const note = readNote(path);
    if (note !== undefined && isOurs(note.pid)) return [{ path, note }];
    removeFile(path);
    return [];
  });
}

/** An empty log, for a process of its own to write. */
export function makeLog(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  // A link is replaced, and what was for others to read is not for them any more.
  removeFile(path);
  writeFileSync(path, "", { flag: "wx", mode: 0o600 });
}

function readNote(path: string): ServerNote | undefined {
  try {
    const note = JSON.parse(readSmallFile(path).toString());
    return Number.isSafeInteger(note.pid) && note.pid > 0 ? note : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a process with that number lives, and, where that can be seen, is this program. */
function isOurs(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  try {
    const ownName = readFileSync("/proc/self/comm", "latin1");
    return readFileSync(`/proc/${pid}/comm`, "latin1") === ownName;
  } catch {
    return true;
  }
}

function text(address: ListenAddress | undefined): string {
  return address === undefined ? "" : formatListenAddress(address);
}
