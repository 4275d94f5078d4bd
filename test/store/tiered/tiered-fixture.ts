import { DirectoryStore } from "../../../src/store/directory/directory-store.ts";
import { LocalDir } from "../../../src/store/local/local-dir.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { type RemoteTier, TieredStore } from "../../../src/store/tiered/tiered-store.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { openHealth } from "../guard/health-fixture.ts";

/** Machines with separate cache directories and a shared bucket (a directory). */
export function tieredMachines() {
  const dir = tempDir("tiered");
  const bucket = new DirectoryStore(dir.join("bucket"));
  return {
    dir,
    bucket,
    open: (machine: string, { store = bucket, ...remote }: TestTier = {}, maxBytes?: number) =>
      openOn(dir.join(machine), store, remote, maxBytes),
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

/** A remote tier on an unguarded bucket. */
type TestTier = Partial<Omit<RemoteTier, "store">> & { store?: ObjectStore };

function openOn(root: string, bucket: ObjectStore, remote: Omit<TestTier, "store">, maxBytes?: number) {
  const { guard, clock, log, counters } = openHealth(`${root}/state/remote.json`);
  const store = new TieredStore({
    dir: new LocalDir(root),
    kind: "module",
    ...(maxBytes === undefined ? {} : { maxBytes }),
    log,
    count: (event, amount) => counters.add(event, amount),
    remote: {
      store: guard(bucket),
      prefix: "team",
      readOnly: false,
      uploads: 4,
      journalDir: `${root}/state/uploads`,
      ...remote,
    },
  });
  return { store, counters, clock, root };
}

/** Stores a small text under a name. */
export function keepText(store: TieredStore, name: string, text: string, upload = true) {
  const temp = store.createTemp();
  temp.write(Buffer.from(text));
  return store.keep(name, temp, { upload });
}
