import { BoundedMap } from "../../lib/bounded-map.ts";
import type { Logger } from "../../lib/logger.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import type { IdleGate } from "../idle-gate.ts";
import type { ModRequest } from "../names/mod-request.ts";
import type { ModuleVerifier } from "./module-verifier.ts";

export interface BackgroundVerifierOptions {
  verifier: ModuleVerifier;
  idle: IdleGate;
  /** Fetches a file again. May reject. */
  replace: (request: ModRequest) => Promise<unknown>;
  log: Logger;
}

/** A file with an unknown verdict is verified again after this long. */
const PAUSE_MS = 10 * 60_000;
const MAX_PAUSED = 50_000;

/** Verifies modules from all sources while no client waits. */
export class BackgroundVerifier {
  readonly #options: BackgroundVerifierOptions;
  readonly #pending = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  readonly #pausedUntilMs = new BoundedMap<string, number>(MAX_PAUSED);
  /** One wait for all pending files. */
  #idle: Promise<void> | undefined;

  constructor(options: BackgroundVerifierOptions) {
    this.#options = options;
  }

  /** Verifies a file that the upstream has just sent. */
  addFetched(request: ModRequest): void {
    this.#add(request, { isReplaced: false });
  }

  /** Verifies a file from the bucket or the disk; a wrong one is fetched again. */
  addStored(request: ModRequest): void {
    if (Date.now() < (this.#pausedUntilMs.get(request.name) ?? 0)) return;
    this.#add(request, { isReplaced: true });
  }

  /** Resolves when all files are verified and replaced. Never rejects. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #add(request: ModRequest, { isReplaced }: { isReplaced: boolean }): void {
    const { name } = request;
    if (this.#pending.has(name) || !this.#options.verifier.isVerifiable(request)) return;
    this.#pending.add(name);
    const work = this.#verify(request, isReplaced).finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  async #verify(request: ModRequest, isReplaced: boolean): Promise<void> {
    const { idle, verifier, replace, log } = this.#options;
    this.#idle ??= idle.wait().finally(() => {
      this.#idle = undefined;
    });
    await this.#idle;
    const verdict = await verifier.verify(request);
    // Before the replacement, which is verified as well.
    this.#pending.delete(request.name);
    if (verdict === "unknown") this.#pausedUntilMs.set(request.name, Date.now() + PAUSE_MS);
    if (verdict !== "wrong" || !isReplaced) return;
    await replace(request).catch((error) =>
      log.info(() => `${request.name} is wrong and could not be replaced: ${describeError(error)}`),
    );
  }
}
