/** Puts a module proxy together. */
import { readFileSync } from "node:fs";
import { abortable } from "../lib/async/abortable.ts";
import { Deadline } from "../lib/async/deadline.ts";
import type { Counters } from "../lib/counters.ts";
import type { Logger } from "../lib/logger.ts";
import { type LocalDir, META_SUFFIX, MODULE_DIR } from "../store/local/local-dir.ts";
import { type RemoteTier, TieredStore } from "../store/tiered/tiered-store.ts";
import { FileChecks } from "./files/file-checks.ts";
import { MAX_META_BYTES, MetaFiles } from "./files/file-meta.ts";
import { ModuleFiles } from "./files/module-files.ts";
import { Quiet } from "./files/quiet.ts";
import { UpstreamFiles } from "./files/upstream-files.ts";
import { ModuleProxy } from "./module-proxy.ts";
import { type ModRequest, parseName } from "./names/mod-request.ts";
import type { Policy } from "./policy.ts";
import { Bringer } from "./run/bringer.ts";
import { RunMemory } from "./run/run-memory.ts";
import type { RunScope } from "./run/run-records.ts";
import type { Database } from "./sumdb/databases.ts";
import { HeadFiles } from "./sumdb/head-file.ts";
import { SumdbSource } from "./sumdb/sumdb-source.ts";
import { HttpClient } from "./upstream/http-client.ts";
import type { Upstream } from "./upstream/upstream-list.ts";
import { Upstreams } from "./upstream/upstreams.ts";
import { BackgroundVerifier } from "./verify/background-verifier.ts";
import { ModuleVerifier } from "./verify/module-verifier.ts";
import { SumdbClient } from "./verify/sumdb-client.ts";
import { MAX_ZIP_BYTES } from "./zip/check-zip.ts";

export interface ProxySettings {
  dir: LocalDir;
  /** Where what is known of databases lies. */
  stateDir: string;
  /** `undefined`: there is only the local disk. */
  remote:
    | (Omit<RemoteTier, "mayUpload" | "journalDir"> & { journalDirs: string; scope: RunScope; host: string })
    | undefined;
  upstreams: Upstream[];
  netrc: ReadonlyMap<string, string>;
  /** Names the proxies that lead to the upstreams. */
  env: Readonly<Record<string, string | undefined>>;
  databases: ReadonlyMap<string, Database>;
  /** The database that modules are verified with; `undefined`: none (GOSUMDB=off). */
  database: Database | undefined;
  policy: Policy;
  counters: Counters;
  log: Logger;
}

/** A proxy and what it consists of, for the commands that work without serving. */
export interface OpenProxy {
  proxy: ModuleProxy;
  files: ModuleFiles;
  store: TieredStore;
  metas: MetaFiles;
  checks: FileChecks;
  verifier: ModuleVerifier;
  bringer: Bringer;
  databases: ReadonlySet<string>;
  policy: Policy;
  /** How many files are not uploaded yet. */
  waitingUploads(): number;
  /** Ends what is under way within `limitMs`. Never rejects. */
  drain(limitMs: number): Promise<void>;
  close(): Promise<void>;
}

/** How long after the last use a run's record is brought up to date. */
const RECORD_PAUSE_MS = 5_000;
/** How long the end waits for modules to be verified; the others are at their upload, their next use, or by `mod verify`. */
const VERIFYING_MS = 10_000;

export function openProxy(settings: ProxySettings): OpenProxy {
  const { dir, remote, databases, database, policy, counters, log } = settings;
  const names = new Set(databases.keys());
  const quiet = new Quiet();
  const via = `1.1 go-cache-plugin-${crypto.randomUUID().slice(0, 8)}`;
  const count = (event: string, amount?: number) =>
    counters.add(event.startsWith("mod_") ? event : `mod_${event}`, amount);

  const tier = (kind: string, mayUpload: (name: string) => Promise<boolean>): RemoteTier | undefined =>
    remote && { ...remote, mayUpload, journalDir: `${remote.journalDirs}-${kind}` };
  const metaKind = MODULE_DIR + META_SUFFIX;
  const whenQuiet = async () => {
    await quiet.wait();
    return true;
  };
  const metaStore = new TieredStore({
    dir,
    kind: metaKind,
    maxBytes: MAX_META_BYTES,
    remote: tier(metaKind, whenQuiet),
    log,
    count: () => {},
  });
  const store = new TieredStore({
    dir,
    kind: MODULE_DIR,
    maxBytes: MAX_ZIP_BYTES,
    remote: tier(MODULE_DIR, mayUpload),
    log,
    count,
  });
  const metas = new MetaFiles(metaStore);
  const checks = new FileChecks({ metas, databases, log });

  const upstreams = new Upstreams(
    new HttpClient({ netrc: settings.netrc, via, env: settings.env }),
    settings.upstreams,
  );
  const sumdb = new SumdbSource(upstreams, databases);
  const upstream = new UpstreamFiles({
    upstreams,
    sumdb,
    store,
    metas,
    checks,
    counters,
    inspect,
    onKept: (request) => background.addFetched(request),
  });

  const memory =
    remote && new RunMemory({ ...remote, log, readLocal: (name) => tryRead(store.find(name)?.path) });
  const readFiles = async () => (await memory?.files) ?? [];
  const bringer = new Bringer({
    readFiles,
    store,
    metas,
    checks,
    databases: names,
    onBrought: (request) => background.addStored(request),
    count,
  });

  let recordTimer: ReturnType<typeof setTimeout> | undefined;
  const files = new ModuleFiles({
    store,
    metas,
    checks,
    upstream,
    log,
    bring: (name) => bringer.bring(name),
    onUse: (request, { sha256, sizeBytes, source, isVerified }) => {
      if (source !== "fetch" && isVerified !== true) background.addStored(request);
      memory?.use({ name: request.name, sha256, sizeBytes });
      clearTimeout(recordTimer);
      recordTimer = setTimeout(() => void memory?.save(), RECORD_PAUSE_MS).unref();
    },
  });
  const client =
    database?.verifier &&
    new SumdbClient({
      database,
      heads: new HeadFiles(settings.stateDir),
      read: (request) => files.read(request),
      forget: (name) => files.forget(name),
      onFraud: (message) => log.warn("sumdb", message),
    });
  const verifier = new ModuleVerifier({ store, metas, checks, policy, client, log, count });
  const background = new BackgroundVerifier({
    verifier,
    quiet,
    replace: (request) => files.refetch(request),
    log,
  });

  /** Looks at what was fetched beyond its form. */
  async function inspect(request: ModRequest, bytes: Buffer): Promise<void> {
    if (request.kind !== "head" || client === undefined || request.database !== database?.name) return;
    await client.checkHead(bytes.toString());
  }

  async function mayUpload(name: string): Promise<boolean> {
    await quiet.wait();
    const request = parseName(name, names);
    if (request === undefined) return false;
    return "database" in request || (await verifier.verify(request)) !== "wrong";
  }

  if (store.adoptUploads() + metaStore.adoptUploads() > 0)
    log.info(() => "uploads of an earlier process are taken up");
  const proxy = new ModuleProxy({ files, policy, databases: names, quiet, via, counters, log });
  return {
    proxy,
    files,
    store,
    metas,
    checks,
    verifier,
    bringer,
    databases: names,
    policy,
    waitingUploads: () => store.waitingUploads + metaStore.waitingUploads,
    drain: async (limitMs) => {
      quiet.hurry();
      clearTimeout(recordTimer);
      const begunMs = performance.now();
      using limit = new Deadline(Math.min(limitMs, VERIFYING_MS));
      // First, since what replaces a wrong file is uploaded.
      await abortable(background.settled(), limit.signal).catch(() => undefined);
      const leftMs = Math.max(limitMs - (performance.now() - begunMs), 0);
      await Promise.all([store.drain(leftMs), metaStore.drain(leftMs), memory?.save()]);
    },
    close: async () => {
      upstreams.abort();
      await Promise.all([store.close(), metaStore.close()]);
    },
  };
}

function tryRead(path: string | undefined): Buffer | undefined {
  try {
    return path === undefined ? undefined : readFileSync(path);
  } catch {
    return undefined;
  }
}
