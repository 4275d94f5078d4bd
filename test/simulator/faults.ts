/** Faults of the product, made on purpose: the simulation has to find each. They patch its classes while it runs. */
import { Ledger } from "../../src/remote/packed/gc/ledger.ts";
import { RecordSource } from "../../src/remote/packed/index/record-source.ts";
import { Uploads } from "../../src/remote/packed/write/uploads.ts";
import { parseRunName } from "../../src/remote/runs/run-names.ts";
import { kindOf } from "./names.ts";
import { MINUTE_MS } from "./scenario.ts";
import type { World } from "./world.ts";

/** Until disposed of. */
type Fault = (world: World) => Disposable;

export const FAULTS: Record<string, Fault> = {
  "gc ignores the last segment of each record": () =>
    patch(
      Ledger.prototype,
      "addRecord",
      (original) =>
        function (this: Ledger, version, named) {
          original.call(this, version, Array.from(named).slice(0, -1));
        },
    ),
  "a record is written before the object of its segment": ({ timeline }) =>
    patch(
      Uploads.prototype,
      "put",
      (original) =>
        async function (this: Uploads, key, ...rest) {
          if (kindOf(key) !== "segment") return await original.call(this, key, ...rest);
          timeline.after(MINUTE_MS, () => void original.call(this, key, ...rest));
          return true;
        },
    ),
  "failed runs count as complete when old ones are removed": ({ bucket }) =>
    patch(RecordSource.prototype, "surplusRecords", () => async (newKey) => {
      const keys = bucket.store.keys(newKey.slice(0, newKey.lastIndexOf("/") + 1));
      const runs = Map.groupBy(keys, (key) => parseRunName(key)?.run);
      return [...runs.values()].slice(4).flat();
    }),
};

function patch<T extends object, Name extends keyof T>(
  target: T,
  name: Name,
  replace: (original: T[Name]) => T[Name],
): Disposable {
  const original = target[name];
  target[name] = replace(original);
  return {
    [Symbol.dispose]() {
      target[name] = original;
    },
  };
}
