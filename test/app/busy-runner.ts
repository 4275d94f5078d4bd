/** A runner that builds every day, with a clock of its own: what go puts and gets, the state that runs leave, pruning. */
import { setSystemTime } from "bun:test";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pruneNow } from "../../src/app/cache-dir/prune-cache.ts";
import type { PruneLimits } from "../../src/buildcache/eviction.ts";
import { diskBytes } from "../../src/lib/files/disk-bytes.ts";
import { statPlainFile } from "../../src/lib/files/stat-file.ts";
import { EMPTY, HOUR_MS, type LocalFixture, openLocal } from "../buildcache/local-fixture.ts";
import { filesBelow } from "../support/file-tree.ts";
import { sha256Hex } from "../support/ids.ts";

const PRUNES_A_DAY = 4;
const START_MS = Date.UTC(2020, 0, 1);

export interface Workload {
  limits: PruneLimits;
  packagesADay: number;
  archiveBytes: number;
  /** What one branch's copies of records take. */
  branchBytes: number;
  /** Makes a file this large on the disk. */
  fill: (path: string, bytes: number) => void;
}

export class BusyRunner implements Disposable {
  readonly #root: string;
  readonly #work: Workload;
  readonly #fixture: LocalFixture;
  #nowMs = START_MS;
  #puts = 0;
  #days = 0;
  #recent: string[] = [];

  constructor(root: string, work: Workload) {
    this.#root = root;
    this.#work = work;
    this.#fixture = openLocal(root, { expiryMs: work.limits.expiryMs });
    setSystemTime(new Date(START_MS));
  }

  /** Each package has an archive, a small output, the list of its files, and an empty output; some were built before. */
  day(): { files: number; bytes: number } {
    this.#days++;
    for (let part = 0; part < PRUNES_A_DAY; part++) {
      for (let n = 0; n < this.#work.packagesADay / PRUNES_A_DAY; n++) this.#compile();
      for (const actionId of this.#recent.slice(0, 50)) this.#fixture.local.get(actionId);
      this.#recent = this.#recent.slice(-500);
      this.#leaveState();
      this.#nowMs += (24 / PRUNES_A_DAY) * HOUR_MS;
      setSystemTime(new Date(this.#nowMs));
      pruneNow(this.#root, this.#work.limits);
    }
    const stats = filesBelow(this.#root).map((name) => statPlainFile(join(this.#root, name)));
    return { files: stats.length, bytes: stats.reduce((sum, stat) => sum + (stat ? diskBytes(stat) : 0), 0) };
  }

  [Symbol.dispose](): void {
    setSystemTime();
  }

  #compile(): void {
    const archive = sha256Hex(`archive ${this.#puts}`);
    const list = sha256Hex(`list ${this.#puts}`);
    this.#put(archive, this.#work.archiveBytes);
    this.#put(list, 300);
    this.#put(EMPTY, 0);
    if (this.#puts % 2 === 0) this.#put(EMPTY, 0);
  }

  #put(outputId: string, sizeBytes: number): void {
    const { local, dir } = this.#fixture;
    const actionId = sha256Hex(`action ${this.#puts++}`);
    if (sizeBytes === 0 && local.reuseOutput(outputId, 0) !== undefined) {
      // One file for all of them.
    } else {
      const path = local.createOutput(outputId).commit();
      this.#work.fill(path, sizeBytes);
      this.#touch(path);
    }
    local.putRecord(actionId, { outputId, sizeBytes });
    this.#touch(dir.path("action", actionId));
    this.#recent.push(actionId);
  }

  /** A branch a day, one of its job's records, and what a killed process leaves. */
  #leaveState(): void {
    const bucket = join(this.#root, "state", "packed-00000000000000aa");
    const job = join(bucket, this.#days.toString(16).padStart(16, "0"));
    const files = { "records.json": 1_000, "records/0a": this.#work.branchBytes, "run.json.zst": 20_000 };
    for (const [name, bytes] of Object.entries(files)) this.#write(join(job, name), bytes);
    this.#touch(job);
    this.#write(join(bucket, "claims", sha256Hex(`${this.#puts}`)), 0);
    this.#write(join(this.#root, "state", `making.json.${this.#puts}`), 1_000);
    this.#write(join(this.#root, "state", `region-${this.#days.toString(16).padStart(16, "0")}`), 10);
  }

  #write(path: string, bytes: number): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "");
    this.#work.fill(path, bytes);
    this.#touch(path);
  }

  #touch(path: string): void {
    utimesSync(path, this.#nowMs / 1000, this.#nowMs / 1000);
  }
}
