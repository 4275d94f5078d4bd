/**
 * Writes objects into a directory. Each is written to a temporary file in the work directory, then moved into place, so
 * that readers see the old or the new object, never a part.
 *
 *     <root>/.go-cache-plugin/<random>         an object being written
 *     <root>/.go-cache-plugin/<hash>.lock      locked while an object is compared and replaced
 */
import { link, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exactStream } from "../../lib/bytes/exact-stream.ts";
import { isErrno } from "../../lib/files/errno.ts";
import { lockFile } from "../../lib/files/lock-file.ts";
import type { PutBody, PutOptions, PutResult } from "../object-store.ts";
import { WORK_DIR } from "./directory-key.ts";
import type { DirectoryTree } from "./directory-tree.ts";

/** Older files in the work directory belong to dead processes. */
const ABANDONED_MS = 24 * 60 * 60_000;

/** Errors of file systems without hard links (exFAT, some mounts). */
const NO_LINKS = ["EPERM", "EACCES", "EINVAL", "EMLINK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"];

/** Returns the current etag of a path; `undefined` if there is no object. */
export type EtagOf = (path: string) => Promise<string | undefined>;

export class DirectoryWriter {
  readonly #tree: DirectoryTree;
  readonly #etagOf: EtagOf;
  #isSwept = false;

  constructor(tree: DirectoryTree, etagOf: EtagOf) {
    this.#tree = tree;
    this.#etagOf = etagOf;
  }

  /** Writes the object at `names`. Removes its temporary file on failure and refusal. */
  async write(names: string[], body: PutBody, { onlyIf, signal }: PutOptions): Promise<PutResult> {
    const staged = join(await this.#openWorkDir(), crypto.randomUUID());
    try {
      await writeFile(staged, bodySource(body), { flag: "wx", ...(signal === undefined ? {} : { signal }) });
      const parent = await this.#tree.makeDirectory(names.slice(0, -1));
      signal?.throwIfAborted();
      return await this.#publish(staged, join(parent, names.at(-1) ?? ""), { onlyIf, signal });
    } finally {
      await rm(staged, { force: true });
    }
  }

  /** The time by the file system's clock: the server of a mount may differ from this machine. */
  async now(): Promise<number> {
    return await timeIn(await this.#openWorkDir());
  }

  async #publish(
    staged: string,
    path: string,
    { onlyIf, signal }: { onlyIf: PutOptions["onlyIf"]; signal: AbortSignal | undefined },
  ): Promise<PutResult> {
    if (onlyIf === "absent") return await this.#create(staged, path);
    if (onlyIf === undefined) return await replace(staged, path);
    const lockName = `${new Bun.CryptoHasher("sha1").update(path).digest("hex")}.lock`;
    await using lock = await lockFile(join(await this.#openWorkDir(), lockName), signal);
    if ((await this.#etagOf(path)) !== onlyIf.etag) return "refused";
    if (!(await lock.isHeld())) throw new Error(`the lock of ${path} was lost: this process was suspended`);
    return await replace(staged, path);
  }

  /** Creates the object with a hard link, which fails if the path exists. A rename would replace it. */
  async #create(staged: string, path: string): Promise<PutResult> {
    try {
      await link(staged, path);
      return "stored";
    } catch (error) {
      if (isErrno(error, "EEXIST")) return "refused";
      if (!isErrno(error, ...NO_LINKS)) throw error;
      // Two concurrent writers may both succeed here; the later one wins, as on servers without conditions.
      return (await this.#etagOf(path)) === undefined ? await replace(staged, path) : "refused";
    }
  }

  async #openWorkDir(): Promise<string> {
    const path = await this.#tree.makeDirectory([WORK_DIR]);
    if (!this.#isSwept) await removeAbandoned(path);
    this.#isSwept = true;
    return path;
  }
}

async function replace(staged: string, path: string): Promise<PutResult> {
  try {
    await rename(staged, path);
    return "stored";
  } catch (cause) {
    if (!(await stat(path).catch(() => undefined))?.isDirectory()) throw cause;
    throw new Error(`${path} is a directory with other objects in it`, { cause });
  }
}

function bodySource(body: PutBody): Uint8Array | ReadableStream<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  const { path, sizeBytes } = body;
  const onFailure = (bytesSoFar: number, cause: unknown) =>
    new Error(`${path} can't be read beyond ${bytesSoFar} of ${sizeBytes} bytes`, { cause });
  return exactStream(Bun.file(path).stream(), { takeBytes: sizeBytes, onFailure });
}

async function removeAbandoned(workDir: string): Promise<void> {
  const names = await readdir(workDir);
  if (names.length === 0) return;
  const nowMs = await timeIn(workDir);
  for (const name of names) {
    const path = join(workDir, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && nowMs - found.mtimeMs > ABANDONED_MS) await rm(path, { force: true });
  }
}

/** The modification time of a file written now. */
async function timeIn(workDir: string): Promise<number> {
  const path = join(workDir, crypto.randomUUID());
  try {
    await writeFile(path, "", { flag: "wx" });
    return (await stat(path)).mtimeMs;
  } finally {
    await rm(path, { force: true });
  }
}
