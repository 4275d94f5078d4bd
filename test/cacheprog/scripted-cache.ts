import type { BuildCache, PutSink } from "../../src/cacheprog/build-cache.ts";
import type { Hit } from "../../src/cacheprog/messages.ts";

/** A cache in memory. A get of a delayed action waits until the test settles it. */
export class ScriptedCache implements BuildCache {
  readonly entries = new Map<string, Hit>();
  /** The end of each put: `commit` or `discard`, with its bytes. */
  readonly puts: string[] = [];
  readonly #delayed = new Map<string, PromiseWithResolvers<Hit | undefined>>();
  /** Disk errors by operation. */
  failure: { at: "get" | "begin" | "write" | "commit"; message: string } | undefined;

  delay(actionId: string): PromiseWithResolvers<Hit | undefined> {
    const delayed = Promise.withResolvers<Hit | undefined>();
    this.#delayed.set(actionId, delayed);
    return delayed;
  }

  get(actionId: string): Hit | undefined | Promise<Hit | undefined> {
    this.#failAt("get");
    return this.#delayed.get(actionId)?.promise ?? this.entries.get(actionId);
  }

  beginPut(actionId: string, outputId: string): PutSink {
    this.#failAt("begin");
    let body = "";
    return {
      write: (bytes) => {
        this.#failAt("write");
        body += Buffer.from(bytes).toString("latin1");
      },
      commit: () => {
        this.#failAt("commit");
        this.puts.push(`commit ${body}`);
        const hit = { outputId, sizeBytes: body.length, putTimeMs: 0, path: `/cache/${outputId}` };
        this.entries.set(actionId, hit);
        return hit;
      },
      discard: () => this.puts.push(`discard ${body}`),
    };
  }

  #failAt(operation: string): void {
    if (this.failure?.at === operation) throw new Error(this.failure.message);
  }
}
