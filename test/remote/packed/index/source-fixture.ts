import { RecordSource, type RecordSourceOptions } from "../../../../src/remote/packed/index/record-source.ts";
import type { Scope } from "../../../../src/remote/scope/scope.ts";
import { FakeNow } from "../../../support/fake-now.ts";
import { Machine } from "../packed-fixture.ts";
import { StockedBucket, scopeOf } from "../stocked-bucket.ts";

/** A bucket and a machine. Each opened source stands for one go command. */
export class SourceFixture implements Disposable {
  readonly bucket: StockedBucket = new StockedBucket();
  readonly machine: Machine = new Machine(this.bucket);
  readonly clock: FakeNow = new FakeNow();

  readonly troubles: unknown[] = [];

  open(scope: Partial<Scope> = {}, options: Partial<RecordSourceOptions> = {}): RecordSource {
    const { store, keys } = this.bucket;
    return new RecordSource({
      store,
      keys,
      scope: scopeOf(scope),
      ...this.machine.reader(),
      ownGroup: undefined,
      ownKey: undefined,
      onUnreadable: () => {},
      signal: new AbortController().signal,
      onTrouble: (error) => this.troubles.push(error),
      now: this.clock.now,
      ...options,
    });
  }

  [Symbol.dispose](): void {
    this.machine[Symbol.dispose]();
    this.bucket[Symbol.dispose]();
  }
}
