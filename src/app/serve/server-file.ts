/**
 * A running server, as it noted itself: `state/serve-<hash of its addresses>.json` in the cache directory,
 *
 *     {"pid":…,"start":"…","plugin":"127.0.0.1:5930","http":"…","settings":"…","startedAtMs":…}
 *
 * It exists from when all is ready until the end, with `"isStopping":true` from the signal that ends the server on. Beside
 * it, with `--detach`, lies the log, `state/serve-<hash>.log`. `start` distinguishes the process from a later one of the
 * same number, see `processStart`.
 */
import { join } from "node:path";
import { listFiles } from "../../lib/files/list-files.ts";
import { removeFileIf } from "../../lib/files/remove-file-if.ts";
import { statPlainFile } from "../../lib/files/stat-file.ts";
import { jsonOf, StateFile } from "../../lib/files/state-file.ts";
import { formatListenAddress, type ListenAddress } from "../../lib/network/listen-address.ts";
import { isProcessAlive, processStart } from "../../lib/process/process-life.ts";
import { isCount, isObject } from "../../lib/shape.ts";
import { STATE_DIR } from "../../store/local/local-dir.ts";
import type { Config, ServeConfig } from "../config.ts";

export interface ServerNote {
  pid: number;
  /** Absent where the system has no such value. */
  start?: string | undefined;
  /** As they can be connected to. */
  plugin: string | undefined;
  http: string | undefined;
  /** See `settingsDigest`. */
  settings: string;
  startedAtMs: number;
  /** It takes no new connections any more, and ends when everything is in the bucket. */
  isStopping?: true | undefined;
}

/** Where the server with that configuration notes itself. */
export function serverFile(root: string, config: Pick<ServeConfig, "plugin" | "http">): string {
  const hash = Bun.hash(`${text(config.plugin)} ${text(config.http)}`)
    .toString(16)
    .padStart(16, "0");
  return join(root, STATE_DIR, `serve-${hash}.json`);
}

/** Equal for servers with equal settings, apart from those of their output. */
export function settingsDigest({ verbose: _, debug: __, metrics: ___, ...config }: Config): string {
  return Bun.hash(JSON.stringify(config)).toString(16).padStart(16, "0");
}

/** Where its output goes when it is detached. */
export function logFile(root: string, config: Pick<ServeConfig, "plugin" | "http">): string {
  return serverFile(root, config).replace(/json$/, "log");
}

/** Returns why that is not possible; such a server serves all the same, but `--stop` and `--status` do not find it. */
export function noteServer(path: string, note: ServerNote): string | undefined {
  return noteFile(path).save(note);
}

/** Removes the note of this process, and no other's. */
export function removeNote(path: string): void {
  removeFileIf(path, (at) => noteFile(at).load()?.pid === process.pid);
}

/** The servers that run with that cache directory. Notes of dead ones are removed. */
export function runningServers(root: string): { path: string; note: ServerNote }[] {
  const names = listFiles(join(root, STATE_DIR)).filter((name) => /^serve-[0-9a-f]{16}\.json$/.test(name));
  return names.flatMap((name) => {
    const path = join(root, STATE_DIR, name);
    const note = noteFile(path).load();
    if (isLive(note)) return [{ path, note }];
    removeFileIf(path, (at) => statPlainFile(at) !== undefined && !isLive(noteFile(at).load()));
    return [];
  });
}

function noteFile(path: string): StateFile<ServerNote> {
  return new StateFile(path, jsonOf(isNote));
}

/** Only this user writes these files, so the process number is all that is checked. */
function isNote(value: unknown): value is ServerNote {
  return isObject(value) && isCount(value.pid) && value.pid > 0;
}

/** Whether the process that wrote the note still runs, and not another one that has its number now. */
function isLive(note: ServerNote | undefined): note is ServerNote {
  return note !== undefined && isProcessAlive(note.pid) && note.start === processStart(note.pid);
}

function text(address: ListenAddress | undefined): string {
  return address === undefined ? "" : formatListenAddress(address);
}
