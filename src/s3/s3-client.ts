/**
 * Sends every request: address → sign → send → parse → retry. The files in `operations/` build the requests and read
 * the answers.
 */
import { abortable } from "../lib/async/abortable.ts";
import { type Clock, systemClock } from "../lib/async/clock.ts";
import { EMPTY_SHA256 } from "../lib/bytes/empty-sha256.ts";
import type { Counters } from "../lib/counters.ts";
import { Address, configuredEndpoint } from "./address.ts";
import { Connection } from "./connection.ts";
import { CredentialSource } from "./credentials/credentials.ts";
import type { Payload } from "./payload.ts";
import { type Refusal, readRefusal } from "./refusal.ts";
import { Region, type RegionMemory } from "./region.ts";
import { backoffMs, isTransient, MAX_ATTEMPTS } from "./retry.ts";
import { S3Error } from "./s3-error.ts";
import { signedHeaders } from "./signer.ts";
import { type Correction, type Signing, SigningState } from "./signing-state.ts";

/** The bucket, and how to reach it. */
export interface S3ClientOptions {
  bucket: string;
  /** `undefined`: from the environment, the profile, then the server. */
  region?: string | undefined;
  /** `undefined`: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, then AWS itself. */
  endpointUrl?: string | undefined;
  /** `undefined`: path style, unless the endpoint is AWS's. */
  pathStyle?: boolean | undefined;
  /** The AWS variables and the proxy variables. */
  env: Record<string, string | undefined>;
  /** Counts `s3_requests`, `s3_requests_<operation>`, `s3_retries`, `s3_bytes_sent`, `s3_bytes_received`. */
  counters: Counters;
  regionMemory?: RegionMemory | undefined;
  clock?: Clock | undefined;
  /** In [0, 1). */
  random?: (() => number) | undefined;
}

/** One operation. Each attempt sends the same request. */
export interface S3Call {
  operation: "get" | "head" | "put" | "list" | "delete";
  method: "GET" | "HEAD" | "PUT" | "DELETE";
  /** For messages: the key, or a listing's prefix. */
  key: string;
  /** With a query, the request is for the bucket; without, for the object `key`. */
  query?: Record<string, string>;
  headers?: Record<string, string>;
  payload?: Payload;
  signal?: AbortSignal | undefined;
}

/** The result of one attempt. */
type Outcome<T> = { value: T } | { error: S3Error; refusal?: Refusal; signing?: Signing };

export class S3Client {
  readonly #address: Address;
  readonly #bucket: string;
  readonly #clock: Clock;
  readonly #connection: Connection;
  readonly #counters: Counters;
  readonly #random: () => number;
  readonly #state: SigningState;

  /** Throws if the bucket name or the endpoint is invalid. Sends no request. */
  constructor(options: S3ClientOptions) {
    const { bucket, env, clock = systemClock } = options;
    const endpointUrl = configuredEndpoint(options.endpointUrl, env);
    this.#address = new Address({ bucket, endpointUrl, pathStyle: options.pathStyle });
    this.#bucket = bucket;
    this.#clock = clock;
    this.#connection = new Connection({ env, isLoopback: this.#address.isLoopback });
    this.#counters = options.counters;
    this.#random = options.random ?? Math.random;
    const credentials = new CredentialSource({ env, allowAnonymous: endpointUrl !== undefined, clock });
    const region = new Region({ region: options.region, env, memory: options.regionMemory });
    this.#state = new SigningState({ clock, credentials, region });
  }

  /**
   * Sends `call`, with retries, and returns the result of `read` for a 2xx answer. Rejects with an `S3Error`, or with
   * the signal's reason.
   */
  async send<T>(call: S3Call, read: (response: Response) => T | Promise<T>): Promise<T> {
    const done = new Set<Correction>();
    for (let failures = 0; ; ) {
      const outcome = await this.#attempt(call, read);
      if ("value" in outcome) return outcome.value;
      call.signal?.throwIfAborted();
      if (await this.#correct(outcome, done)) continue;
      failures++;
      if (failures === MAX_ATTEMPTS || !isTransient(outcome.error)) throw outcome.error;
      await this.#pause(failures, call.signal);
    }
  }

  /** An `S3Error` for a failure of `call` that occurs after `send` has returned. */
  failure(call: S3Call, message: string, cause?: unknown, response?: Response): S3Error {
    const requestId = response?.headers.get("x-amz-request-id") ?? undefined;
    return new S3Error(this.#target(call), { status: response?.status, message, requestId, cause });
  }

  /** Counts bytes of an answer's body as they arrive. */
  readonly countReceived = (count: number): void => this.#counters.add("s3_bytes_received", count);

  /** Milliseconds since 1970 by the server's clock, or by the local clock until the server's is known. */
  nowMs(): number {
    return this.#state.nowMs();
  }

  /** Closes idle connections. */
  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #attempt<T>(call: S3Call, read: (response: Response) => T | Promise<T>): Promise<Outcome<T>> {
    let response: Response | undefined;
    try {
      const signing = await abortable(this.#signing(call), call.signal);
      response = await this.#sendOnce(call, signing);
      if (response.ok) return { value: await read(response) };
      const refusal = await readRefusal(response, this.countReceived);
      const isUnsigned = signing.credentials === undefined;
      return { error: new S3Error(this.#target(call), { ...refusal, isUnsigned }), refusal, signing };
    } catch (cause) {
      // Frees the connection if `read` failed.
      await response?.body?.cancel().catch(() => undefined);
      if (cause instanceof S3Error) return { error: cause };
      return { error: this.failure(call, cause instanceof Error ? cause.message : String(cause), cause) };
    }
  }

  async #signing(call: S3Call): Promise<Signing> {
    try {
      return await this.#state.current();
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new S3Error(this.#target(call), { code: "NoCredentials", message, cause });
    }
  }

  async #sendOnce(call: S3Call, { region, credentials }: Signing): Promise<Response> {
    const { operation, method, payload, query, signal } = call;
    const url = this.#address.url(region, query === undefined ? call.key : undefined, query ?? {});
    const sha256 = payload?.sha256 ?? EMPTY_SHA256;
    const date = new Date(this.#state.nowMs());
    const unsigned = { ...call.headers, ...(payload ? { "content-length": `${payload.sizeBytes}` } : {}) };
    const headers =
      credentials === undefined
        ? unsigned
        : await signedHeaders({ method, url, headers: unsigned, sha256 }, { credentials, region, date });
    this.#counters.add("s3_requests");
    this.#counters.add(`s3_requests_${operation}`);
    const countSent = (count: number) => this.#counters.add("s3_bytes_sent", count);
    const body = payload?.open(countSent);
    const startedMs = performance.now();
    const response = await this.#connection.send(url, { method, headers, body, signal });
    this.#counters.time(`s3_${operation}`, startedMs);
    this.#counters.add(`s3_answers_${operation}_${response.status}`);
    if (body instanceof Uint8Array) countSent(body.length);
    return response;
  }

  async #correct<T>(outcome: Outcome<T>, done: Set<Correction>): Promise<boolean> {
    if (!("error" in outcome) || outcome.refusal === undefined || outcome.signing === undefined) return false;
    return await this.#state.correct(outcome.refusal, outcome.signing, done);
  }

  async #pause(failures: number, signal: AbortSignal | undefined): Promise<void> {
    this.#counters.add("s3_retries");
    const waiting = this.#clock.sleep(backoffMs(failures, this.#random()), signal);
    await abortable(waiting, signal);
  }

  #target({ operation, key }: S3Call) {
    return { operation, bucket: this.#bucket, key };
  }
}
