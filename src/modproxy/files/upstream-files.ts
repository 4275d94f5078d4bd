import type { Counters } from "../../lib/counters.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import type { TempFile } from "../../store/local/temp-file.ts";
import type { TieredStore } from "../../store/tiered/tiered-store.ts";
import { DiskError, diskError, InvalidFileError, ModError } from "../mod-error.ts";
import { encodeName, type ModRequest, type ModuleRequest } from "../names/mod-request.ts";
import type { SumdbSource } from "../sumdb/sumdb-source.ts";
import { type BodySink, MemorySink } from "../upstream/body-sink.ts";
import type { Download } from "../upstream/download.ts";
import type { Upstreams } from "../upstream/upstreams.ts";
import { checkZipBytes, MAX_ZIP_BYTES } from "../zip/check-zip.ts";
import { checkBody, MAX_SMALL_BYTES } from "./check-body.ts";
import type { FileChecks } from "./file-checks.ts";
import type { FileMeta, MetaFiles } from "./file-meta.ts";
import { isMutable } from "./freshness.ts";
import { GrowingFile } from "./growing-file.ts";
import type { ModFile } from "./mod-file.ts";

type ZipRequest = ModuleRequest & { kind: "zip" };

export interface UpstreamFilesOptions {
  upstreams: Upstreams;
  sumdb: SumdbSource;
  store: TieredStore;
  metas: MetaFiles;
  checks: FileChecks;
  counters: Counters;
  /** Looks at a small file beyond its form before it is kept; throws an `InvalidFileError`. */
  inspect: (request: ModRequest, bytes: Buffer) => Promise<void>;
  /** Told of every file that was kept. */
  onKept: (request: ModRequest) => void;
}

/** Fetches single files from the upstream and keeps those that are good. Everything rejects with a `ModError`. */
export class UpstreamFiles {
  readonly #options: UpstreamFilesOptions;

  constructor(options: UpstreamFilesOptions) {
    this.#options = options;
  }

  /** Anything but a zip. `older`: what is known of the copy that is here. */
  async fetchSmall(request: ModRequest, older: FileMeta | undefined): Promise<ModFile> {
    const sink = new MemorySink(MAX_SMALL_BYTES);
    const { etag, isUnchanged } = await this.#download(request, sink, older?.etag);
    const { store, checks, inspect } = this.#options;
    if (isUnchanged && older !== undefined) {
      this.#note(request, { ...older, fetchedAtMs: Date.now() });
      return answerOf(older, store.find(request.name)?.path ?? "");
    }
    const bytes = await refuseInvalid(async () => {
      const body = checkBody(request, sink.bytes, checks.verifierOf(request));
      await inspect(request, body);
      return body;
    });
    const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    const meta = { name: request.name, sha256, sizeBytes: bytes.length, fetchedAtMs: Date.now(), etag };
    const path = this.#keepSmall(request, bytes, meta);
    return { ...answerOf(meta, path), bytes };
  }

  /** A zip: whole, or, when it is very large, while it comes; it goes on coming when nobody reads it. */
  async fetchLarge(request: ZipRequest): Promise<ModFile | GrowingFile> {
    try {
      return await this.#fetchToDisk(request);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      return await this.#fetchUnkept(request, error);
    }
  }

  async #fetchToDisk(request: ZipRequest): Promise<ModFile | GrowingFile> {
    const temp = this.#createTemp();
    const growing = new GrowingFile(temp, MAX_ZIP_BYTES);
    const receiving = this.#receive(request, temp, growing);
    receiving.catch(() => undefined);
    await growing.shown;
    return growing.isFinished ? await receiving : growing;
  }

  /**
   * go has no use for a full disk of ours, and goes on to the next proxy only where there is none of a thing. So what is
   * no larger than any other file may be is handed out from memory.
   */
  async #fetchUnkept(request: ZipRequest, failure: DiskError): Promise<ModFile> {
    const sink = new MemorySink(MAX_SMALL_BYTES);
    try {
      await this.#download(request, sink, undefined);
    } catch (error) {
      throw sink.sizeBytes > MAX_SMALL_BYTES ? failure : error;
    }
    const { bytes } = sink;
    await refuseInvalid(async () => checkZipBytes(bytes, request.module, request.version));
    const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    return { path: "", bytes, sizeBytes: bytes.length, sha256, source: "fetch", isStale: false };
  }

  async #receive(request: ZipRequest, temp: TempFile, growing: GrowingFile): Promise<ModFile> {
    const { store, checks, onKept } = this.#options;
    try {
      const { etag } = await this.#download(request, growing, undefined);
      await refuseInvalid(async () => checks.checkContent(request, temp.path));
      const { name } = request;
      const meta = { name, sha256: growing.sha256, sizeBytes: temp.sizeBytes, fetchedAtMs: Date.now(), etag };
      this.#note(request, meta);
      const { path } = store.keep(name, temp, { upload: true });
      growing.succeed();
      onKept(request);
      return answerOf(meta, path);
    } catch (cause) {
      temp.discard();
      // All that is not the upstream's doing is the disk's.
      const error = cause instanceof ModError ? cause : diskError(cause);
      growing.fail(error);
      throw error;
    }
  }

  async #download(request: ModRequest, sink: BodySink, etag: string | undefined): Promise<Download> {
    const { upstreams, sumdb, counters } = this.#options;
    counters.add("mod_upstream_request");
    try {
      const found =
        "database" in request
          ? await sumdb.download(request, sink, { etag })
          : await upstreams.download(encodeName(request.name), sink, { etag });
      counters.add("mod_upstream_bytes", sink.sizeBytes);
      return found;
    } catch (error) {
      counters.add(
        error instanceof ModError && error.isAbsence ? "mod_upstream_absent" : "mod_upstream_error",
      );
      throw error instanceof InvalidFileError ? refused(error) : error;
    }
  }

  #keepSmall(request: ModRequest, bytes: Buffer, meta: FileMeta): string {
    const { store, onKept } = this.#options;
    let temp: TempFile | undefined;
    try {
      temp = store.createTemp();
      temp.write(bytes);
      this.#note(request, meta);
      const { path } = store.keep(request.name, temp, { upload: true });
      onKept(request);
      return path;
    } catch {
      // A disk that takes nothing: the bytes are handed out all the same.
      temp?.discard();
      return "";
    }
  }

  #note(request: ModRequest, meta: FileMeta): void {
    this.#options.metas.save(meta, { upload: isMutable(request) });
  }

  #createTemp(): TempFile {
    try {
      return this.#options.store.createTemp();
    } catch (cause) {
      throw diskError(cause);
    }
  }
}

async function refuseInvalid<T>(check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    throw error instanceof InvalidFileError ? refused(error) : error;
  }
}

/** What the upstream sent is not what was asked for. */
function refused(cause: InvalidFileError): ModError {
  return new ModError(502, `upstream sent a bad file: ${describeError(cause)}`, { cause });
}

function answerOf({ sha256, sizeBytes }: FileMeta, path: string): ModFile {
  return { path, sizeBytes, sha256, source: "fetch", isStale: false };
}
