/** Files of the cache directory: written by this program, by tailscale's, or by unknown programs in CI's caches. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { formatActionRecord, parseActionRecord } from "../../../src/buildcache/action-record.ts";
import { MetaFiles } from "../../../src/modproxy/files/file-meta.ts";
import { RecordCache } from "../../../src/remote/packed/index/record-cache.ts";
import { ENTRIES } from "../../../src/remote/packed/write/journal.ts";
import { formatSplitRecord, parseSplitRecord } from "../../../src/remote/split/split-record.ts";
import { HealthFile } from "../../../src/store/guard/health-file.ts";
import { LocalDir } from "../../../src/store/local/local-dir.ts";
import { hashName } from "../../../src/store/local/named-files.ts";
import { TieredStore } from "../../../src/store/tiered/tiered-store.ts";
import { Journal, readJournal } from "../../../src/store/upload/journal.ts";
import { NAMES } from "../../../src/store/upload/upload-queue.ts";
import { silentLog } from "../../support/silent-log.ts";
import { type FuzzTarget, holds, parsed, same } from "../target.ts";

const never = () => false;
const scratch = join(tmpdir(), `gcp-fuzz-${process.pid}`);

function written(name: string, input: Uint8Array): string {
  const path = join(scratch, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, input);
  return path;
}

async function cleared(): Promise<void> {
  rmSync(scratch, { recursive: true, force: true });
}

const action: FuzzTarget = {
  name: "action record",
  promise: "exactly two valid fields, which format to the same text; nothing is thrown",
  thousands: 40,
  recordings: ({ builds }) => filesAt(builds.cacheDir, /^action\//),
  attempt(input) {
    const found = parsed(() => parseActionRecord(input.toString("latin1")), never);
    if (found === undefined) return "refused";
    same(parseActionRecord(formatActionRecord(found)), found, "read again");
    holds(found.outputId.length % 2 === 0, "half a byte");
    return "accepted";
  },
};

const split: FuzzTarget = {
  name: "split record",
  promise: "an output and a valid time; nothing is thrown",
  thousands: 40,
  recordings: ({ builds }) => filesAt(builds.bucket, /^action\//),
  attempt(input) {
    const found = parsed(() => parseSplitRecord(input.toString("latin1")), never);
    if (found === undefined) return "refused";
    holds(Number.isSafeInteger(found.putTimeMs), `the time is ${found.putTimeMs}`);
    same(parseSplitRecord(formatSplitRecord(found)), found, "read again");
    return "accepted";
  },
};

const journal: FuzzTarget = {
  name: "journal",
  promise: "whole lines, each of which formats to the same text; nothing is thrown",
  thousands: 15,
  recordings: ({ builds }) => filesAt(builds.cacheDir, /\/journal\//),
  words: [" used", "\n", '{"platform":"a","project":"b"}'],
  attempt(input) {
    const { head, entries } = parsed(() => readJournal(written("journal", input), ENTRIES), never) ?? {
      entries: [],
    };
    for (const entry of entries)
      holds(input.includes(ENTRIES.format(entry).trimEnd().slice(0, 129)), "an entry is not in it");
    for (const entry of entries)
      holds(!("outputId" in entry) || Number.isSafeInteger(entry.sizeBytes + entry.putTimeMs), "no number");
    return head === undefined ? "refused" : "accepted";
  },
  close: cleared,
};

const uploads: FuzzTarget = {
  name: "upload journal",
  promise: "names; nothing is thrown",
  thousands: 3,
  recordings: () => [
    Buffer.from('{"pidSpace":"none"}\n"rsc.io/quote/@v/v1.5.2.zip"\n"rsc.io/quote/@v/v1.5.2.mod"\n'),
  ],
  attempt(input) {
    const path = written("uploads/1-a", input);
    const later = Date.now() / 1000 - 120;
    const { utimesSync } = process.getBuiltinModule("node:fs");
    utimesSync(path, later, later);
    const mine = new Journal({ dir: dirname(path), head: {}, format: NAMES });
    const names = parsed(() => mine.adopt(), never) ?? [];
    mine.discard();
    holds(
      names.every((name) => typeof name === "string"),
      "what is no name",
    );
    return names.length === 0 ? "refused" : "accepted";
  },
  close: cleared,
};

const health: FuzzTarget = {
  name: "breaker's state",
  promise: "times that can be compared, and a reason in words; nothing is thrown",
  thousands: 15,
  recordings: ({ builds }) => filesAt(builds.cacheDir, /^state\/remote-/),
  words: ['"reads":', "null", "1e999"],
  attempt(input) {
    const file = new HealthFile(written("health", input), () => savedAtMs(input));
    const found = parsed(() => file.load(), never);
    if (found === undefined) return "refused";
    holds(typeof found.reason === "string" && Number.isFinite(found.savedAtMs), "no reason, or no time");
    for (const side of [found.reads, found.writes]) {
      holds(side === undefined || Number.isFinite(side.probeAtMs + side.pauseMs), "a pause without an end");
    }
    return "accepted";
  },
  close: cleared,
};

/** Makes most states young. */
function savedAtMs(input: Buffer): number {
  return Number(/"savedAtMs":(\d{1,15})/.exec(input.toString("latin1"))?.[1] ?? 0) + 1_000;
}

const list: FuzzTarget = {
  name: "list of record copies",
  promise: "records with key, etag, role and numbers; nothing is thrown",
  thousands: 15,
  recordings: ({ builds }) => filesAt(builds.cacheDir, /\/records\.json$/),
  attempt(input) {
    const path = written("copies/records.json", input);
    const cache = new RecordCache(dirname(path));
    const found = parsed(() => cache.load(), never);
    if (found === undefined) return "refused";
    for (const ref of found.records) {
      holds(["own", "other", "new"].includes(ref.role), `the role is ${ref.role}`);
      holds(Number.isFinite(ref.modifiedMs + ref.sizeBytes), "no number");
      parsed(() => cache.read(ref), never);
    }
    return "accepted";
  },
  close: cleared,
};

const meta: FuzzTarget = {
  name: "module file's note",
  promise: "the right name, with a size, a sum, a time and an etag that can be sent; nothing is thrown",
  thousands: 15,
  recordings: () => [
    Buffer.from(
      `{"name":"a.test/a/@v/list","sha256":"${hashName("x")}","sizeBytes":12,"fetchedAtMs":1760000000000,"etag":"\\"a\\"","verified":true}\n`,
    ),
  ],
  words: ['"etag":"\\n"', '"sizeBytes":-1', '"name":"a.test/a/@v/list"'],
  attempt(input) {
    const name = "a.test/a/@v/list";
    const hash = hashName(name);
    written(`module-meta/${hash.slice(0, 2)}/${hash}`, input);
    const dir = new LocalDir(scratch);
    const store = new TieredStore({
      dir,
      kind: "module-meta",
      remote: undefined,
      log: silentLog,
      count: () => {},
    });
    const found = parsed(() => new MetaFiles(store).find(name), never);
    if (found === undefined) return "refused";
    same(found.name, name, "another name");
    holds(Number.isSafeInteger(found.sizeBytes) && found.sizeBytes >= 0, `it has ${found.sizeBytes} bytes`);
    new Headers({ "if-none-match": found.etag ?? "" });
    return "accepted";
  },
  close: cleared,
};

function filesAt(files: ReadonlyMap<string, Buffer>, path: RegExp): Buffer[] {
  return [...files].filter(([name]) => path.test(name)).map(([, bytes]) => bytes);
}

export const LOCAL_TARGETS: readonly FuzzTarget[] = [action, split, journal, uploads, health, list, meta];
