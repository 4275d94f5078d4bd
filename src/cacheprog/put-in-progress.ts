import { describeError } from "../lib/text/describe-error.ts";
import type { BuildCache, PutSink } from "./build-cache.ts";
import { formatError, formatHit, type Hit, type Request } from "./messages.ts";

/** A put, or another request with a body, from its JSON object to its answer. */
export class PutInProgress {
  readonly #request: Request;
  #sink: PutSink | undefined;
  #receivedBytes = 0;
  #error: string | undefined;

  constructor(request: Request, cache: BuildCache) {
    this.#request = request;
    this.#error = refusal(request);
    this.#try(() => {
      this.#sink = cache.beginPut(request.actionId, request.outputId);
    });
  }

  write(bytes: Uint8Array): void {
    this.#receivedBytes += bytes.length;
    if (this.#receivedBytes > this.#request.bodyBytes) this.#fail("body is longer than BodySize");
    this.#try(() => this.#sink?.write(bytes));
  }

  /** The answer to the request. `error`: why the body is invalid, if it is. */
  finish(error: string | undefined): string {
    if (error !== undefined) this.#fail(error);
    if (this.#receivedBytes < this.#request.bodyBytes) this.#fail("body is shorter than BodySize");
    let hit: Hit | undefined;
    this.#try(() => {
      hit = this.#sink?.commit();
    });
    const { id, command } = this.#request;
    return hit === undefined ? formatError(id, `${command}: ${this.#error}`) : formatHit(id, hit);
  }

  abandon(): void {
    this.#sink?.discard();
    this.#sink = undefined;
  }

  #try(action: () => void): void {
    if (this.#error !== undefined) return;
    try {
      action();
    } catch (error) {
      this.#fail(describeError(error));
    }
  }

  #fail(error: string): void {
    this.#error ??= error;
    this.abandon();
  }
}

function refusal(request: Request): string | undefined {
  if (request.command !== "put") return `unknown command ${JSON.stringify(request.command)}`;
  if (request.actionId === "") return "no valid ActionID";
  return request.outputId === "" ? "no valid OutputID" : undefined;
}
