import { SingleFlight } from "../../lib/async/single-flight.ts";
import { BoundedMap } from "../../lib/bounded-map.ts";
import { ModError } from "../mod-error.ts";
import type { ModRequest } from "../names/mod-request.ts";
import type { FileMeta } from "./file-meta.ts";
import { freshnessOf } from "./freshness.ts";
import { GrowingFile } from "./growing-file.ts";
import type { ModFile } from "./mod-file.ts";
import type { UpstreamFiles } from "./upstream-files.ts";

const MAX_ABSENCES = 10_000;

/** Fetches each file once at a time, and remembers for a short time which files the upstream doesn't have. */
export class UpstreamFetches {
  readonly #upstream: UpstreamFiles;
  readonly #flights = new SingleFlight<ModFile | GrowingFile>((file) =>
    file instanceof GrowingFile ? file.settled() : undefined,
  );
  readonly #absences = new BoundedMap<string, { error: ModError; untilMs: number }>(MAX_ABSENCES);

  constructor(upstream: UpstreamFiles) {
    this.#upstream = upstream;
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

  /** `older`: what is known about the local copy. Rejects with a `ModError`. */
  async fetch(request: ModRequest, older?: FileMeta): Promise<ModFile | GrowingFile> {
    return await this.#flights.run(request.name, async () => {
      try {
        return request.kind === "zip"
          ? await this.#upstream.fetchZip(request)
          : await this.#upstream.fetchSmall(request, older);
      } catch (error) {
        const { negativeMs } = freshnessOf(request);
        const isAbsence = error instanceof ModError && error.isAbsence;
        if (isAbsence) this.#absences.set(request.name, { error, untilMs: Date.now() + negativeMs });
        throw error;
      }
    });
  }
}
