/** The lock that go has on files, flock(2). Neither Bun nor Node has a call for it, so this one is the C library's own. */
import { dlopen } from "bun:ffi";
import { closeSync, constants, openSync } from "node:fs";
import { NO_LINK } from "./no-link.ts";

/** Of the systems where go locks this way. musl answers to the name of glibc. */
const LIBRARIES: Partial<Record<NodeJS.Platform, string>> = {
  linux: "libc.so.6",
  darwin: "libSystem.B.dylib",
};
const LOCK_EX = 2;
const LOCK_NB = 4;
/** For writing, as NFS wants it. */
const OPEN_FLAGS = constants.O_RDWR | NO_LINK;

let call: ((fd: number, operation: number) => number) | undefined;

/**
 * The lock on an existing file until disposed, if nobody has it. Does not wait. `undefined`: somebody has it, or it can't be
 * known, as on Windows, or where the file is another user's. Never throws.
 */
export function tryFlock(path: string): Disposable | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, OPEN_FLAGS);
    call ??= loadCall();
    const opened = fd;
    if (call(opened, LOCK_EX | LOCK_NB) === 0) return { [Symbol.dispose]: () => closeSync(opened) };
  } catch {
    // There is no such file or call.
  }
  if (fd !== undefined) closeSync(fd);
  return undefined;
}

function loadCall(): (fd: number, operation: number) => number {
  const library = LIBRARIES[process.platform];
  if (library === undefined) throw new Error("go locks otherwise on this system");
  return dlopen(library, { flock: { args: ["i32", "i32"], returns: "i32" } }).symbols.flock;
}
