/**
 * GOPROXY's protocol (https://go.dev/ref/mod#goproxy-protocol) with the checksum databases below `sumdb/`. Requests
 * below `cached-only/`, or with the header Disable-Module-Fetch, never reach the upstream.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { NameError } from "../gomod/module-path.ts";
import type { Counters } from "../lib/counters.ts";
import { DEBUG_BITS, type Logger } from "../lib/logger.ts";
import { answerText } from "../lib/network/answer.ts";
import { describeError } from "../lib/text/describe-error.ts";
import { answerFile, answerGrowing } from "./answer/answer-file.ts";
import { GrowingFile } from "./files/growing-file.ts";
import type { ModuleFiles } from "./files/module-files.ts";
import type { IdleGate } from "./idle-gate.ts";
import { ModError, notFound } from "./mod-error.ts";
import { type DatabaseNames, type ModRequest, parseModRequest } from "./names/mod-request.ts";
import type { Policy } from "./policy.ts";

const CACHED_ONLY = "cached-only/";
const DAY_SECONDS = 86_400;
/** The texts that Go's strconv.ParseBool parses as true. */
const TRUE = new Set(["1", "t", "T", "true", "TRUE", "True"]);

export interface ModuleProxyOptions {
  files: ModuleFiles;
  policy: Policy;
  databases: DatabaseNames;
  idle: IdleGate;
  /** The Via header of this proxy's own requests. */
  via: string;
  counters: Counters;
  log: Logger;
}

export class ModuleProxy {
  readonly #options: ModuleProxyOptions;

  constructor(options: ModuleProxyOptions) {
    this.#options = options;
  }

  /** Answers a request; `target`: the path after the proxy's prefix, not decoded. */
  async handle(request: IncomingMessage, response: ServerResponse, target: string): Promise<void> {
    await this.#options.idle.during(() => this.#handle(request, response, target));
  }

  async #handle(request: IncomingMessage, response: ServerResponse, target: string): Promise<void> {
    const { counters, log } = this.#options;
    counters.add("mod_get_request");
    try {
      await this.#answer(request, response, target);
      log.debug(DEBUG_BITS.module, () => `mod ${request.method} ${target}: ${response.statusCode}`);
    } catch (error) {
      const failure = error instanceof ModError ? error : undefined;
      log.debug(DEBUG_BITS.module, () => `mod ${request.method} ${target}: ${describeError(error)}`);
      if (failure === undefined) throw error;
      if (!failure.isAbsence) counters.add("mod_error");
      answerError(response, failure);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, target: string): Promise<void> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      throw new ModError(405, "method not allowed");
    }
    if (request.headers.via?.includes(this.#options.via) === true) {
      throw new ModError(508, "this proxy is its own upstream; set --upstream to another one");
    }
    const isCachedOnly = target.startsWith(CACHED_ONLY);
    const mayFetch = !isCachedOnly && !TRUE.has(String(request.headers["disable-module-fetch"]));
    const wanted = this.#parse(isCachedOnly ? target.slice(CACHED_ONLY.length) : target);
    if (wanted.kind === "supported") return answerSupported(response);
    this.#refusePrivate(wanted);
    await this.#answerWith(request, response, wanted, mayFetch);
  }

  async #answerWith(
    request: IncomingMessage,
    response: ServerResponse,
    wanted: ModRequest,
    mayFetch: boolean,
  ): Promise<void> {
    const file = await this.#options.files.get(wanted, { mayFetch });
    if (!(file instanceof GrowingFile)) return await answerFile(request, response, { wanted, file });
    if (!file.isFinished) return await answerGrowing(request, response, { wanted, growing: file });
    // The download has finished meanwhile, so the file is in the cache directory.
    await this.#answerWith(request, response, wanted, mayFetch);
  }

  #parse(target: string): ModRequest {
    try {
      return parseModRequest(target, this.#options.databases);
    } catch (error) {
      if (error instanceof NameError) throw notFound(error.message, DAY_SECONDS);
      throw error;
    }
  }

  /** go fetches private modules from their origins; their names must not reach any upstream. */
  #refusePrivate(wanted: ModRequest): void {
    const { policy } = this.#options;
    if (!("database" in wanted)) {
      if (policy.isPrivate(wanted.module))
        throw notFound(`${wanted.module} is private (GOPRIVATE, GONOPROXY)`);
    } else if (wanted.kind === "lookup" && policy.isUnlisted(wanted.module)) {
      throw notFound(`${wanted.module} is private (GOPRIVATE, GONOSUMDB)`);
    }
  }
}

function answerSupported(response: ServerResponse): void {
  response.writeHead(200, {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": `public, max-age=${DAY_SECONDS}`,
    "content-length": "0",
  });
  response.end();
}

/** go shows the text to its user. */
function answerError(response: ServerResponse, { status, message, maxAgeSeconds }: ModError): void {
  const isCacheable = maxAgeSeconds !== undefined;
  answerText(
    response,
    status,
    message,
    isCacheable ? { "cache-control": `public, max-age=${maxAgeSeconds}` } : {},
  );
}
