import { abortable } from "../../lib/async/abortable.ts";
import { Deadline } from "../../lib/async/deadline.ts";
import type { Verdict } from "../files/verdict.ts";
import type { ModRequest } from "../names/mod-request.ts";
import type { ModuleVerifier } from "./module-verifier.ts";

/** How long a client waits for a verdict. */
const LIMIT_MS = 5_000;
/** After a verdict that was not there in time, no client waits for this long. */
const PAUSE_MS = 60_000;

/** Verifies a file while a client waits for it. */
export class PromptVerifier {
  readonly #verifier: Pick<ModuleVerifier, "judge">;
  #pausedUntilMs = 0;

  constructor(verifier: Pick<ModuleVerifier, "judge">) {
    this.#verifier = verifier;
  }

  /** What the database says about the file at `path`; `unknown` as well when it takes too long. Never rejects. */
  async judge(request: ModRequest, path: string): Promise<Verdict> {
    if (Date.now() < this.#pausedUntilMs) return "unknown";
    using limit = new Deadline(LIMIT_MS);
    try {
      return await abortable(this.#verifier.judge(request, path), limit.signal);
    } catch {
      this.#pausedUntilMs = Date.now() + PAUSE_MS;
      return "unknown";
    }
  }
}
