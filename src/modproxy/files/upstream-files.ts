import { MAX_MODULE_BYTES } from "../../gomod/file-names.ts";
import { InvalidFileError } from "../../gomod/invalid-file-error.ts";
import { checkZipBytes } from "../../gomod/zip/check-zip.ts";
import { SingleFlight } from "../../lib/async/single-flight.ts";
import { BoundedMap } from "../../lib/bounded-map.ts";
import type { Counters } from "../../lib/counters.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import type { TempFile } from "../../store/local/temp-file.ts";
import { DiskError, diskError, ModError } from "../mod-error.ts";
import { encodeName, type ModRequest, type ModuleRequest } from "../names/mod-request.ts";
import type { SumdbSource } from "../sumdb/sumdb-source.ts";
import { type BodySink, MemorySink } from "../upstream/body-sink.ts";
import type { Download } from "../upstream/download.ts";
import type { Upstreams } from "../upstream/upstreams.ts";
import { checkBody, MAX_SMALL_BYTES } from "./check-body.ts";
import type { FileMeta } from "./file-meta.ts";
import type { FileStorage } from "./file-storage.ts";
import { freshnessOf, isMutable } from "./freshness.ts";
import { GrowingFile } from "./growing-file.ts";
import type { ModFile } from "./mod-file.ts";

const MAX_ABSENCES = 10_000;

type ZipRequest = ModuleRequest & { kind: "zip" };

export interface UpstreamFilesOptions {
  upstreams: Upstreams;
  sumdb: SumdbSource;
  storage: FileStorage;
  counters: Counters;
  /** Checks the content of a small file before it is stored; throws an `InvalidFileError`. */
  inspect: (request: ModRequest, bytes: Buffer) => Promise<void>;
  /** Called for every file that was stored. */
  onStored: (request: ModRequest) => void;
}

/**
 * Fetches files from the upstream, each once at a time, and stores the good ones. Remembers for a short time which files
 * the upstream doesn't have. Everything rejects with a `ModError`.
 */
export class UpstreamFiles {
  readonly #options: UpstreamFilesOptions;
  readonly #flights = new SingleFlight<ModFile | GrowingFile>((file) =>
    file instanceof GrowingFile ? file.settled() : undefined,
  );
  readonly #absences = new BoundedMap<string, { error: ModError; untilMs: number }>(MAX_ABSENCES);

  constructor(options: UpstreamFilesOptions) {
    this.#options = options;
  }

  /** The fetch in progress. */
  running(name: string): Promise<ModFile | GrowingFile> | undefined {
    return this.#flights.get(name);
  }

  /** Throws what the upstream said when it lately had no such file. */
  refuseAbsent(name: string): undefined {
    const absence = this.#absences.get(name);
    if (absence !== undefined && Date.now() < absence.untilMs) throw absence.error;
  }

  forgetAbsence(name: string): void {
    this.#absences.delete(name);
  }

  /** `older`: what is known about the local copy of a file that may change. */
  async fetch(request: ModRequest, older?: FileMeta): Promise<ModFile | GrowingFile> {
    return await this.#flights.run(request.name, async () => {
      try {
        return await (request.kind === "zip" ? this.#fetchZip(request) : this.#fetchSmall(request, older));
      } catch (error) {
        const { negativeMs } = freshnessOf(request);
        const isAbsence = error instanceof ModError && error.isAbsence;
        if (isAbsence) this.#absences.set(request.name, { error, untilMs: Date.now() + negativeMs });
        throw error;
      }
    });
  }

  async #fetchSmall(request: ModRequest, older: FileMeta | undefined): Promise<ModFile> {
    const sink = new MemorySink(MAX_SMALL_BYTES);
    const { etag, isUnchanged } = await this.#download(request, sink, older?.etag);
    const { storage, inspect } = this.#options;
    const { store, metas, checks } = storage;
    if (isUnchanged && older !== undefined) {
      metas.save({ ...older, fetchedAtMs: Date.now() }, { upload: isMutable(request) });
      return answerOf(older, store.find(request.name)?.path ?? "");
    }
    const bytes = await refuseInvalid(async () => {
      const body = checkBody(request, sink.bytes, checks.verifierOf(request));
      await inspect(request, body);
      return body;
    });
    const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    const stored = storage.keepBytes(request, bytes, { sha256, etag, upload: true });
    if (stored !== undefined) this.#options.onStored(request);
    return { ...answerOf({ sha256, sizeBytes: bytes.length }, stored?.path ?? ""), bytes };
  }

  /** A zip: complete, or still growing if it is very large; the download continues without readers. */
  async #fetchZip(request: ZipRequest): Promise<ModFile | GrowingFile> {
    try {
      return await this.#fetchToDisk(request);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      return await this.#fetchToMemory(request, error);
    }
  }

  async #fetchToDisk(request: ZipRequest): Promise<ModFile | GrowingFile> {
    const temp = this.#createTemp();
    const growing = new GrowingFile(temp, MAX_MODULE_BYTES);
    const download = this.#storeZip(request, temp, growing);
    download.catch(() => undefined);
    await growing.shown;
    return growing.isFinished ? await download : growing;
  }

  /**
   * A full disk here must not fail a build, and go tries the next proxy only after a 404. So a zip that is no larger
   * than a small file may be is served from memory.
   */
  async #fetchToMemory(request: ZipRequest, failure: DiskError): Promise<ModFile> {
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

  async #storeZip(request: ZipRequest, temp: TempFile, growing: GrowingFile): Promise<ModFile> {
    const { storage, onStored } = this.#options;
    try {
      const { etag } = await this.#download(request, growing, undefined);
      await refuseInvalid(async () => storage.checks.checkContent(request, temp.path));
      const { sha256 } = growing;
      const { path, sizeBytes } = storage.keep(request, temp, { sha256, etag, upload: true });
      growing.succeed();
      onStored(request);
      return answerOf({ sha256, sizeBytes }, path);
    } catch (cause) {
      temp.discard();
      // Errors of the upstream are `ModError`s, so this is the disk's.
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

  #createTemp(): TempFile {
    try {
      return this.#options.storage.store.createTemp();
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

function refused(cause: InvalidFileError): ModError {
  return new ModError(502, `upstream sent a bad file: ${describeError(cause)}`, { cause });
}

function answerOf({ sha256, sizeBytes }: Pick<FileMeta, "sha256" | "sizeBytes">, path: string): ModFile {
  return { path, sizeBytes, sha256, source: "fetch", isStale: false };
}
