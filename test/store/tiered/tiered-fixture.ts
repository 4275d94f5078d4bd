import { DirectoryStore } from "../../../src/store/directory/directory-store.ts";
import { LocalDir } from "../../../src/store/local/local-dir.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { type RemoteTier, TieredStore } from "../../../src/store/tiered/tiered-store.ts";
import { openHealth } from "../../remote/remote-fixture.ts";
import { tempDir } from "../../support/temp-dir.ts";

/** Machines with a cache directory each, on one bucket that is a directory. */
export function tieredMachines() {
  const dir = tempDir("tiered");
  const bucket = new DirectoryStore(dir.join("bucket"));
  return {
    dir,
    bucket,
    open: (machine: string, remote: Partial<RemoteTier> = {}, maxBytes?: number) =>
      openOn(dir.join(machine), bucket, remote, maxBytes),
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}

function openOn(root: string, bucket: ObjectStore, remote: Partial<RemoteTier>, maxBytes?: number) {
  const { health, clock, log, counters } = openHealth(`${root}/state/remote.json`);
  const store = new TieredStore({
    dir: new LocalDir(root),
    kind: "module",
    ...(maxBytes === undefined ? {} : { maxBytes }),
    log,
    count: (event, amount) => counters.add(event, amount),
    remote: {
      store: bucket,
      prefix: "team",
      health,
      readOnly: false,
      uploads: 4,
      downloads: 4,
      timeoutMs: 60_000,
      journalDir: `${root}/state/uploads`,
      ...remote,
    },
  });
  return { store, counters, clock, root };
}

/** Keeps a small text under a name. */
export function keepText(store: TieredStore, name: string, text: string, upload = true) {
  const temp = store.createTemp();
  temp.write(Buffer.from(text));
  return store.keep(name, temp, { upload });
}
