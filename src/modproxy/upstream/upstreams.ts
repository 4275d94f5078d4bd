import { DiskError, ModError, notFound } from "../mod-error.ts";
import type { BodySink } from "./body-sink.ts";
import { type Download, download } from "./download.ts";
import type { HttpClient } from "./http-client.ts";
import type { Upstream } from "./upstream-list.ts";

/** How long one file may take, retries included. */
const OVERALL_MS = 10 * 60_000;

/** A server that did not answer gets one attempt per request for this long, so that clients don't wait for retries. */
const DOWN_MS = 10_000;

/** A list of proxies, tried one after the other by GOPROXY's rules. */
export class Upstreams {
  readonly #client: HttpClient;
  readonly #list: readonly Upstream[];
  readonly #controller = new AbortController();
  readonly #downUntilMs = new Map<string, number>();

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
        if (!mayAskNext(error, upstream)) throw error;
        // A failing proxy may have the file, so its error says more than another's "not found".
        if (failure === undefined || (failure.isAbsence && !error.isAbsence)) failure = error;
      }
    }
    throw failure ?? notFound("no upstream proxy is configured");
  }

  /** From one server. Rejects with a `ModError`. */
  async downloadFrom(
    url: string,
    sink: BodySink,
    options: { etag?: string | undefined; upstream?: Upstream } = {},
  ): Promise<Download> {
    const signal = AbortSignal.any([this.#controller.signal, AbortSignal.timeout(OVERALL_MS)]);
    const { etag, upstream } = options;
    const { origin } = new URL(url);
    const isDown = Date.now() < (this.#downUntilMs.get(origin) ?? 0);
    const request = {
      url,
      authorization: upstream?.authorization,
      etag,
      signal,
      ...(isDown && { maxAttempts: 1 }),
    };
    try {
      const found = await download(this.#client, request, sink);
      this.#downUntilMs.delete(origin);
      return found;
    } catch (error) {
      const isOurs = error instanceof DiskError;
      const isSilent = error instanceof ModError && error.cause !== undefined && !isOurs;
      if (isSilent) this.#downUntilMs.set(origin, Date.now() + DOWN_MS);
      throw error;
    }
  }

  get list(): readonly Upstream[] {
    return this.#list;
  }

  abort(): void {
    this.#controller.abort(new ModError(503, "this proxy is shutting down"));
  }
}

/** A full disk is no reason to: it would refuse the next proxy's file as well. */
function mayAskNext(error: unknown, { fallsThrough }: Upstream): error is ModError {
  return error instanceof ModError && !(error instanceof DiskError) && (error.isAbsence || fallsThrough);
}
