import { ModError, notFound } from "../mod-error.ts";
import type { BodySink } from "./body-sink.ts";
import { type Download, download } from "./download.ts";
import type { HttpClient } from "./http-client.ts";
import type { Upstream } from "./upstream-list.ts";

/** How long one file may take, with all that is tried. */
const OVERALL_MS = 10 * 60_000;

/** The proxies that are asked, one after the other, by GOPROXY's rules. */
export class Upstreams {
  readonly #client: HttpClient;
  readonly #list: readonly Upstream[];
  readonly #controller = new AbortController();

  constructor(client: HttpClient, list: readonly Upstream[]) {
    this.#client = client;
    this.#list = list;
  }

  /** `path`: encoded, below each proxy. Rejects with a `ModError`. */
  async download(
    path: string,
    sink: BodySink,
    options: { etag?: string | undefined } = {},
  ): Promise<Download> {
    let failure: ModError | undefined;
    for (const upstream of this.#list) {
      try {
        return await this.downloadFrom(`${upstream.url}/${path}`, sink, { ...options, upstream });
      } catch (error) {
        if (!(error instanceof ModError) || !(error.isAbsence || upstream.fallsThrough)) throw error;
        // A proxy in trouble may have had it: that says more than another's "not found".
        if (failure === undefined || (failure.isAbsence && !error.isAbsence)) failure = error;
      }
    }
    throw failure ?? notFound("no upstream proxy is configured");
  }

  /** From one place. Rejects with a `ModError`. */
  async downloadFrom(
    url: string,
    sink: BodySink,
    options: { etag?: string | undefined; upstream?: Upstream } = {},
  ): Promise<Download> {
    const signal = AbortSignal.any([this.#controller.signal, AbortSignal.timeout(OVERALL_MS)]);
    const { etag, upstream } = options;
    return await download(this.#client, { url, authorization: upstream?.authorization, etag, signal }, sink);
  }

  get list(): readonly Upstream[] {
    return this.#list;
  }

  abort(): void {
    this.#controller.abort(new ModError(503, "this proxy is shutting down"));
  }
}
