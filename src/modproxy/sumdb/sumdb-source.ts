import type { Database } from "../../gomod/sumdb/databases.ts";
import { ModError } from "../mod-error.ts";
import { encodeName, type SumdbRequest } from "../names/mod-request.ts";
import { type BodySink, MemorySink } from "../upstream/body-sink.ts";
import type { Download } from "../upstream/download.ts";
import type { Upstream } from "../upstream/upstream-list.ts";
import type { Upstreams } from "../upstream/upstreams.ts";

/** When no proxy passes a database on, the proxies are tried again after this long. */
const RECHECK_MS = 60_000;

/** Asks checksum databases through a proxy that passes them on, as cmd/go does, or else directly. */
export class SumdbSource {
  readonly #upstreams: Upstreams;
  readonly #databases: ReadonlyMap<string, Database>;
  /** Base URLs by database. */
  readonly #bases = new Map<string, { base: Promise<Base>; untilMs: number }>();

  constructor(upstreams: Upstreams, databases: ReadonlyMap<string, Database>) {
    this.#upstreams = upstreams;
    this.#databases = databases;
  }

  /** Rejects with a `ModError`. */
  async download(
    request: SumdbRequest,
    sink: BodySink,
    options: { etag?: string | undefined },
  ): Promise<Download> {
    const path = encodeName(request.name.slice(`sumdb/${request.database}/`.length));
    const { url, upstream } = await this.#base(request.database);
    try {
      return await this.#upstreams.downloadFrom(`${url}/${path}`, sink, {
        ...options,
        ...(upstream && { upstream }),
      });
    } catch (error) {
      const isLast = upstream === undefined || !(error instanceof ModError) || error.isAbsence;
      const database = this.#databases.get(request.database);
      if (isLast || database === undefined) throw error;
      return await this.#upstreams.downloadFrom(`${database.url}/${path}`, sink, options).catch(() => {
        throw error;
      });
    }
  }

  #base(name: string): Promise<Base> {
    const known = this.#bases.get(name);
    if (known !== undefined && Date.now() < known.untilMs) return known.base;
    const base = this.#findBase(name);
    const entry = { base, untilMs: Number.POSITIVE_INFINITY };
    this.#bases.set(name, entry);
    void base.then(({ upstream }) => {
      if (upstream === undefined) entry.untilMs = Date.now() + RECHECK_MS;
    });
    return base;
  }

  /** Never rejects. */
  async #findBase(name: string): Promise<Base> {
    for (const upstream of this.#upstreams.list) {
      const url = `${upstream.url}/sumdb/${name}`;
      try {
        await this.#upstreams.downloadFrom(`${url}/supported`, new MemorySink(1 << 20), { upstream });
        return { url, upstream };
      } catch {
        // Not passed on, or not reachable: try the next one, and at last the database itself.
      }
    }
    return { url: this.#databases.get(name)?.url ?? "", upstream: undefined };
  }
}

interface Base {
  url: string;
  upstream: Upstream | undefined;
}
