/** Whose a directory is: what somebody else has put into it could be linked into what we build. */
import { lstatSync, mkdirSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  ACTION_DIR,
  META_SUFFIX,
  MODULE_DIR,
  OUTPUT_DIR,
  REVPROXY_DIR,
  STATE_DIR,
  TEMP_DIR,
} from "../store/local-dir.ts";

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
const PARTS = [
  ACTION_DIR,
  OUTPUT_DIR,
  TEMP_DIR,
  STATE_DIR,
  ...[MODULE_DIR, REVPROXY_DIR].flatMap((kind) => [kind, kind + META_SUFFIX]),
];

/**
 * Why this directory is not to be used: it is of another user (what root has prepared for reading is fine), or a part
 * of it is a link to somewhere else. `undefined`: nothing speaks against it, or it is not there yet.
 */
export function whyForeign(dir: string): string | undefined {
  const stat = look(dir);
  if (stat === undefined) return undefined;
  const foreign = ownerProblem(dir, stat);
  if (foreign !== undefined) return foreign;
  const link = PARTS.find((part) => look(join(dir, part), lstatSync)?.isSymbolicLink());
  return link === undefined ? undefined : `its ${link} is a link to somewhere else`;
}

/**
 * The same for a directory that only what can be trusted may lie in, from `base` down: nobody else may be able to write
 * there either. It is made, for its user alone, so that nobody else can make it.
 */
export function whyUnsafe(base: string, dir: string): string | undefined {
  make(base, 0o755);
  make(dir, 0o700);
  for (let at = dir; ; at = dirname(at)) {
    const problem = whyOpen(at);
    if (problem !== undefined) return problem;
    if (at !== base && look(at, lstatSync)?.isSymbolicLink()) return `${at} is a link to somewhere else`;
    if (at === base || at === dirname(at)) break;
  }
  return whyForeign(dir);
}

/** Why somebody else may have a hand in what lies in this directory. */
export function whyOpen(dir: string): string | undefined {
  const stat = look(dir);
  return stat && (ownerProblem(dir, stat) ?? writerProblem(dir, stat));
}

function ownerProblem(dir: string, stat: Stats): string | undefined {
  const self = process.getuid?.();
  if (self === undefined || stat.uid === self) return undefined;
  if (stat.uid === 0 && !isWritableByOthers(stat)) return undefined;
  return `${dir} belongs to the user ${stat.uid}, and this is ${self}`;
}

function writerProblem(dir: string, stat: Stats): string | undefined {
  if (process.getuid === undefined || !isWritableByOthers(stat)) return undefined;
  return `other users can write to ${dir} (chmod go-w), and there are keys to trust`;
}

function isWritableByOthers({ mode }: Stats): boolean {
  return (mode & WRITABLE_BY_OTHERS) !== 0 && (mode & STICKY) === 0;
}

function look(path: string, stat: typeof statSync | typeof lstatSync = statSync): Stats | undefined {
  try {
    return stat(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function make(dir: string, mode: number): void {
  try {
    mkdirSync(dir, { recursive: true, mode });
  } catch {
    // It can't be written, and then nobody else may have either.
  }
}
