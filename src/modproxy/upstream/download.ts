/** One file from one server, whatever becomes of the connection. */
import { TimeoutError } from "../../lib/async/deadline.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { InvalidFileError, ModError, notFound } from "../mod-error.ts";
import { type BodySink, BodyTooLargeError } from "./body-sink.ts";
import type { HttpAnswer, HttpClient } from "./http-client.ts";
import { isRetried, MAX_ATTEMPTS, pauseBefore } from "./retry.ts";

/** As much of an error's text as go would show. */
const MAX_TEXT_BYTES = 2_000;

export interface DownloadRequest {
  url: string;
  authorization: string | undefined;
  /** What is known of an older copy. */
  etag?: string | undefined;
  signal: AbortSignal;
  /** `undefined`: as often as usual. */
  maxAttempts?: number;
}

/** What came: the whole body, or word that the older copy still holds. */
export interface Download {
  isUnchanged: boolean;
  etag: string | undefined;
}

/**
 * Writes the whole body to `sink`. A connection that breaks is taken up where it broke, or anew; statuses that pass
 * are tried again. Rejects with a `ModError` for any other answer than 200.
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
      if (!isRetried(answer.status) || attempt >= maxAttempts) throw await toError(answer);
      retryAfter = answer.headers.get("retry-after");
      await discard(answer);
    } catch (error) {
      const isFinal =
        error instanceof ModError || error instanceof BodyTooLargeError || error instanceof InvalidFileError;
      if (isFinal || attempt >= maxAttempts || request.signal.aborted) throw toModError(error);
    }
    await pauseBefore(attempt + 1, retryAfter, request.signal);
  }
}

class Part {
  readonly #client: HttpClient;
  readonly #request: DownloadRequest;
  readonly #sink: BodySink;
  /** Of the answer that is being read, when its bytes are sure to stay the same. */
  #strongEtag: string | undefined;
  #totalBytes: number | undefined;
  result: Download = { isUnchanged: false, etag: undefined };

  constructor(client: HttpClient, request: DownloadRequest, sink: BodySink) {
    this.#client = client;
    this.#request = request;
    this.#sink = sink;
  }

  /** `done`, or an answer that has no body for us. Rejects when the connection breaks. */
  async ask(): Promise<"done" | HttpAnswer> {
    const { url, authorization, signal } = this.#request;
    const answer = await this.#client.get(url, { authorization, headers: this.#headers(), signal });
    try {
      return await this.#take(answer);
    } catch (error) {
      // A body that nobody reads keeps its connection.
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
      // It can't continue, so the next attempt begins anew.
      this.#strongEtag = undefined;
      throw new Error(`answered ${status} with another part than the one asked for`);
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
    // Without an etag nobody can say that the rest would belong to the same bytes.
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
        deadline.restart(this.#client.stallMs);
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

/** The first lines of a plain text; nothing of any other, and nothing of a server that may repeat our credentials. */
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
    // The status is what counts.
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
