import { BoundedMap } from "../../lib/bounded-map.ts";
import type { Logger } from "../../lib/logger.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import type { Quiet } from "../files/quiet.ts";
import type { ModRequest } from "../names/mod-request.ts";
import type { ModuleVerifier } from "./module-verifier.ts";

export interface BackgroundVerifierOptions {
  verifier: ModuleVerifier;
  quiet: Quiet;
  /** Fetches a file again. May reject. */
  replace: (request: ModRequest) => Promise<unknown>;
  log: Logger;
  now?: () => number;
}

/** How long a file that nobody could say anything about is left alone. */
const PAUSE_MS = 10 * 60_000;
const MAX_PAUSED = 50_000;

/** Verifies modules when no client waits for anything, wherever they came from. */
export class BackgroundVerifier {
  readonly #options: BackgroundVerifierOptions;
  readonly #now: () => number;
  /** Names that wait for a verdict. */
  readonly #pending = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #pausedUntilMs = new BoundedMap<string, number>(MAX_PAUSED);
  /** All that wait share one wait. */
  #quiet: Promise<void> | undefined;

  constructor(options: BackgroundVerifierOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** For a file that the upstream has just sent. */
  addFetched(request: ModRequest): void {
    this.#add(request, { isReplaced: false });
  }

  /** For a file from the bucket, or one that was here before. A wrong one is fetched again. */
  addStored(request: ModRequest): void {
    if (this.#now() < (this.#pausedUntilMs.get(request.name) ?? 0)) return;
    this.#add(request, { isReplaced: true });
  }

  /** Resolves when all is verified and replaced. Never rejects. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #add(request: ModRequest, { isReplaced }: { isReplaced: boolean }): void {
    const { name } = request;
    if (this.#pending.has(name) || !this.#options.verifier.isVerifiable(request)) return;
    this.#pending.add(name);
    const work = this.#verify(request, isReplaced).finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
  }

  async #verify(request: ModRequest, isReplaced: boolean): Promise<void> {
    const { quiet, verifier, replace, log } = this.#options;
    this.#quiet ??= quiet.wait().finally(() => {
      this.#quiet = undefined;
    });
    await this.#quiet;
    const verdict = await verifier.verify(request);
    // What replaces it is verified in its turn.
    this.#pending.delete(request.name);
    if (verdict === "unknown") this.#pausedUntilMs.set(request.name, this.#now() + PAUSE_MS);
    if (verdict !== "wrong" || !isReplaced) return;
    await replace(request).catch((error) =>
      log.info(() => `${request.name} is wrong and could not be replaced: ${describeError(error)}`),
    );
  }
}
