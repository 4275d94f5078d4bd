/** Downloads one file from one server, over broken connections and passing failures: cmd/go itself never retries. */

import { InvalidFileError } from "../../gomod/invalid-file-error.ts";
import { systemClock } from "../../lib/async/clock.ts";
import { TimeoutError } from "../../lib/async/deadline.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { ModError, notFound } from "../mod-error.ts";
import { type BodySink, BodyTooLargeError } from "./body-sink.ts";
import { type HttpAnswer, type HttpClient, STALL_MS } from "./http-client.ts";

/** As much of an error's text as go would show. */
const MAX_TEXT_BYTES = 2_000;

const MAX_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
const RETRIED = new Set([408, 425, 429, 500, 502, 503, 504]);

export interface DownloadRequest {
  url: string;
  authorization: string | undefined;
  /** The etag of an older copy. */
  etag?: string | undefined;
  signal: AbortSignal;
  /** By default `MAX_ATTEMPTS`. */
  maxAttempts?: number;
}

export interface Download {
  /** The server has no other file than the older copy, and sent no body. */
  isUnchanged: boolean;
  etag: string | undefined;
}

/**
 * Writes the whole body to `sink`. After a broken connection it continues where that broke, or starts again; passing
 * failures are retried. Rejects with a `ModError` for any other answer than 200.
 */
export async function download(
  client: HttpClient,
  request: DownloadRequest,
  sink: BodySink,
): Promise<Download> {
  const part = new Part(client, request, sink);
  const { maxAttempts = MAX_ATTEMPTS } = request;
  for (let attempt = 1; ; attempt++) {
    let retryAfter: string | null = null;
    try {
      const answer = await part.ask();
      if (answer === "done") return part.result;
      if (!RETRIED.has(answer.status) || attempt >= maxAttempts) throw await toError(answer);
      retryAfter = answer.headers.get("retry-after");
      await discard(answer);
    } catch (error) {
      const isFinal =
        error instanceof ModError || error instanceof BodyTooLargeError || error instanceof InvalidFileError;
      if (isFinal || attempt >= maxAttempts || request.signal.aborted) throw toModError(error);
    }
    await backOff(attempt, retryAfter, request.signal);
  }
}

/** Waits at random, longer after each attempt, or as long as the server says, within limits. */
async function backOff(attempt: number, retryAfter: string | null, signal: AbortSignal): Promise<void> {
  const serverMs = /^\d+$/.test(retryAfter ?? "") ? Number(retryAfter) * 1000 : 0;
  const limitMs = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
  await systemClock.sleep(Math.max(Math.min(serverMs, LONGEST_PAUSE_MS), Math.random() * limitMs), signal);
}

class Part {
  readonly #client: HttpClient;
  readonly #request: DownloadRequest;
  readonly #sink: BodySink;
  /** The strong etag of the answer that is being read: only such an etag promises the same bytes. */
  #strongEtag: string | undefined;
  #totalBytes: number | undefined;
  result: Download = { isUnchanged: false, etag: undefined };

  constructor(client: HttpClient, request: DownloadRequest, sink: BodySink) {
    this.#client = client;
    this.#request = request;
    this.#sink = sink;
  }

  /** Resolves to `done`, or to an answer with another status. Rejects when the connection breaks. */
  async ask(): Promise<"done" | HttpAnswer> {
    const { url, authorization, signal } = this.#request;
    const answer = await this.#client.get(url, { authorization, headers: this.#headers(), signal });
    try {
      return await this.#take(answer);
    } catch (error) {
      // An unread body keeps its connection open.
      await discard(answer);
      throw error;
    }
  }

  async #take(answer: HttpAnswer): Promise<"done" | HttpAnswer> {
    const { status, headers } = answer;
    if (status === 304 && this.#request.etag !== undefined && this.#sink.sizeBytes === 0) {
      this.result = { isUnchanged: true, etag: this.#request.etag };
      await discard(answer);
      return "done";
    }
    if (status === 206 && this.#continues(headers)) return await this.#read(answer);
    if (status === 206 || status === 416) {
      // The next attempt starts again.
      this.#strongEtag = undefined;
      throw new Error(`answered ${status} with another part than the requested one`);
    }
    if (status !== 200) return answer;
    const length = headers.get("content-length");
    this.#totalBytes = length === null ? undefined : Number(length);
    this.#sink.restart(this.#totalBytes);
    const etag = headers.get("etag") ?? undefined;
    this.#strongEtag = etag?.startsWith('"') ? etag : undefined;
    this.result = { isUnchanged: false, etag };
    return await this.#read(answer);
  }

  #headers(): Record<string, string> {
    const { sizeBytes } = this.#sink;
    // Without a strong etag, the rest may be of other bytes.
    if (sizeBytes > 0 && this.#strongEtag !== undefined) {
      return { range: `bytes=${sizeBytes}-`, "if-range": this.#strongEtag };
    }
    const { etag } = this.#request;
    return etag === undefined || sizeBytes > 0 ? {} : { "if-none-match": etag };
  }

  #continues(headers: Headers): boolean {
    const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get("content-range") ?? "");
    if (match === null || Number(match[1]) !== this.#sink.sizeBytes) return false;
    const total = match[3] === "*" ? undefined : Number(match[3]);
    return total === undefined || this.#totalBytes === undefined || total === this.#totalBytes;
  }

  async #read({ body, deadline, headers }: HttpAnswer): Promise<"done"> {
    using _limit = deadline;
    const coding = headers.get("content-encoding");
    if (coding !== null && coding !== "identity") throw new Error(`body with content-encoding ${coding}`);
    if (body !== null) {
      for await (const chunk of body) {
        this.#sink.write(chunk);
        deadline.restart(STALL_MS);
      }
    }
    const total = this.#totalBytes;
    if (total !== undefined && this.#sink.sizeBytes !== total) {
      throw new Error(`body of ${this.#sink.sizeBytes} bytes instead of ${total}`);
    }
    return "done";
  }
}

async function discard({ body, deadline }: HttpAnswer): Promise<void> {
  deadline[Symbol.dispose]();
  await body?.cancel().catch(() => undefined);
}

async function toError(answer: HttpAnswer): Promise<ModError> {
  const text = await readText(answer);
  const { status } = answer;
  if (status === 404 || status === 410) return notFound(text);
  if (status === 401 || status === 403 || status === 451)
    return new ModError(status, text || `upstream says ${status}`);
  const detail = text === "" ? "" : `: ${text}`;
  return new ModError(status === 504 ? 504 : 502, `upstream answered ${status}${detail}`);
}

/** The beginning of a plain text; empty for other types, and for a server that may repeat our credentials. */
async function readText(answer: HttpAnswer): Promise<string> {
  if (answer.sentCredentials) {
    await discard(answer);
    return "";
  }
  const { headers, body, deadline } = answer;
  using _limit = deadline;
  const isPlain = /^text\/plain\b/i.test(headers.get("content-type") ?? "text/plain");
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of body ?? []) {
      chunks.push(chunk);
      if (chunks.reduce((sum, { length }) => sum + length, 0) > MAX_TEXT_BYTES) break;
    }
  } catch {
    // The status alone is enough for an error.
  }
  const text = Buffer.concat(chunks).toString("utf8", 0, MAX_TEXT_BYTES);
  return isPlain ? text.replaceAll(/[^\P{C}\n]/gu, "").trim() : "";
}

function toModError(error: unknown): unknown {
  if (error instanceof ModError || error instanceof InvalidFileError) return error;
  if (error instanceof BodyTooLargeError)
    return new ModError(502, `upstream sent a file that is ${error.message}`);
  const isSilent = error instanceof TimeoutError;
  return new ModError(isSilent ? 504 : 502, `upstream does not answer: ${describeError(error)}`, {
    cause: error,
  });
}
