import { isTestResult } from "../buildcache/test-results.ts";
import type { FoundOutput, LocalBuilds } from "./local-outputs.ts";

/**
 * A local disk that takes no result of a test from a remote, so that go runs every test that has not run here. Not only
 * the logs: for a test with a log of its own, go finds the result by that and by what the test reads now.
 */
export class WithoutTestResults implements LocalBuilds {
  readonly #local: LocalBuilds;
  /** Actions that were refused: nothing of them is missing. */
  readonly #refused = new Set<string>();

  constructor(local: LocalBuilds) {
    this.#local = local;
  }

  findOutput(outputId: string): FoundOutput | undefined {
    return this.#local.findOutput(outputId);
  }

  createOutput(outputId: string, executable?: string) {
    return this.#local.createOutput(outputId, executable);
  }

  get(actionId: string) {
    return this.#local.get(actionId);
  }

  has(actionId: string): boolean {
    return this.#refused.has(actionId) || this.#local.has(actionId);
  }

  putRecord(actionId: string, record: { outputId: string; sizeBytes: number }, putTimeMs: number): boolean {
    const output = this.#local.findOutput(record.outputId);
    if (output !== undefined && output.chunks === undefined && isTestResult(output)) {
      this.#refused.add(actionId);
      return false;
    }
    return this.#local.putRecord(actionId, record, putTimeMs);
  }
}
