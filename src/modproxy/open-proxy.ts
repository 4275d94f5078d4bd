/** Puts a module proxy together. */

import type { Database } from "../gomod/sumdb/databases.ts";
import { abortable } from "../lib/async/abortable.ts";
import { Deadline } from "../lib/async/deadline.ts";
import type { Counters } from "../lib/counters.ts";
import type { Logger } from "../lib/logger.ts";
import type { LocalDir } from "../store/local/local-dir.ts";
import { FileStorage, type StorageOptions } from "./files/file-storage.ts";
import { ModuleFiles } from "./files/module-files.ts";
import { UpstreamFiles } from "./files/upstream-files.ts";
import { IdleGate } from "./idle-gate.ts";
import { ModuleProxy } from "./module-proxy.ts";
import type { DatabaseNames, ModRequest } from "./names/mod-request.ts";
import type { Policy } from "./policy.ts";
import { InlineFiles } from "./run/inline-files.ts";
import { RunMemory } from "./run/run-memory.ts";
import { RunPrefetch } from "./run/run-prefetch.ts";
import type { RunScope } from "./run/run-records.ts";
import { HeadFiles } from "./sumdb/head-file.ts";
import { SumdbSource } from "./sumdb/sumdb-source.ts";
import { HttpClient } from "./upstream/http-client.ts";
import type { Upstream } from "./upstream/upstream-list.ts";
import { Upstreams } from "./upstream/upstreams.ts";
import { BackgroundVerifier } from "./verify/background-verifier.ts";
import { ModuleVerifier } from "./verify/module-verifier.ts";
import { PromptVerifier } from "./verify/prompt-verifier.ts";
import { SumdbClient } from "./verify/sumdb-client.ts";

export interface ProxySettings {
  dir: LocalDir;
  /** `undefined`: there is only the local disk. */
  remote: (StorageOptions["remote"] & { scope: RunScope; host: string }) | undefined;
  upstream: UpstreamSettings;
  sumdb: SumdbSettings;
  policy: Policy;
  counters: Counters;
  log: Logger;
}

interface UpstreamSettings {
  list: Upstream[];
  /** Authorizations by host. */
  netrc: ReadonlyMap<string, string>;
  /** Names the HTTP proxies. */
  env: Readonly<Record<string, string | undefined>>;
}

interface SumdbSettings {
  /** The databases that the proxy passes on, by name. */
  databases: ReadonlyMap<string, Database>;
  /** The one that modules are verified with; `undefined`: none (GOSUMDB=off). */
  verifying: Database | undefined;
  /** Where the newest head of each database is kept. */
  stateDir: string;
}

/** A proxy and the parts that commands work with. */
export interface OpenProxy {
  proxy: ModuleProxy;
  files: ModuleFiles;
  storage: FileStorage;
  verifier: ModuleVerifier;
  prefetch: RunPrefetch;
  databases: DatabaseNames;
  policy: Policy;
  /** How many files are not uploaded yet. */
  waitingUploads(): number;
  /** Finishes background work within `limitMs`. Never rejects. */
  drain(limitMs: number): Promise<void>;
  close(): Promise<void>;
}

/** How long `drain` waits for verification; other files are verified before their upload or at their next use. */
const VERIFYING_MS = 10_000;

export function openProxy(settings: ProxySettings): OpenProxy {
  const { policy, counters, log } = settings;
  const { databases } = settings.sumdb;
  const idle = new IdleGate();
  const via = `1.1 go-cache-plugin-${crypto.randomUUID().slice(0, 8)}`;
  const whenIdle = () => idle.wait();
  const storage = new FileStorage({
    ...settings,
    databases,
    whenIdle,
    verify: (request, path) => verification.prompt.judge(request, path),
    mayUpload: (name) => verification.verifier.mayUpload(name),
  });
  const inline = new InlineFiles({
    ...{ storage, whenIdle, counters },
    onStored: (request) => verification.background.addStored(request),
  });
  const readLocal = (name: string) => (inline.find(name) ?? storage.readLocal(name))?.bytes;
  const memory = settings.remote && new RunMemory({ ...settings.remote, readLocal, log });
  const upstreams = new Upstreams(new HttpClient({ ...settings.upstream, via }), settings.upstream.list);
  // Verification reads files, and files are verified.
  const getVerification = () => verification;
  const { files, prefetch } = openFiles(settings, { storage, inline, memory, upstreams, getVerification });
  const verification = openVerification(settings, { storage, files, idle });
  const { verifier } = verification;
  if (storage.adoptUploads() > 0) log.info(() => "continuing the uploads of an earlier process");
  return {
    proxy: new ModuleProxy({ files, policy, databases, idle, via, counters, log }),
    files,
    storage,
    verifier,
    prefetch,
    databases,
    policy,
    waitingUploads: () => storage.waitingUploads,
    drain: (limitMs) => drain({ idle, verification, storage, inline, memory }, limitMs),
    close: async () => {
      upstreams.abort();
      await storage.close();
    },
  };
}

interface Verification {
  /** `undefined`: no database to verify with. */
  client: SumdbClient | undefined;
  verifier: ModuleVerifier;
  prompt: PromptVerifier;
  background: BackgroundVerifier;
}

function openFiles(
  { sumdb, counters }: ProxySettings,
  {
    storage,
    inline,
    memory,
    upstreams,
    getVerification,
  }: {
    storage: FileStorage;
    inline: InlineFiles;
    memory: RunMemory | undefined;
    upstreams: Upstreams;
    getVerification: () => Verification;
  },
): { files: ModuleFiles; prefetch: RunPrefetch } {
  const upstream = new UpstreamFiles({
    upstreams,
    sumdb: new SumdbSource(upstreams, sumdb.databases),
    storage,
    counters,
    inspect: async (request, bytes) => await getVerification().client?.inspect(request, bytes),
    onStored: (request) => getVerification().background.addFetched(request),
  });
  const prefetch = new RunPrefetch({
    readFiles: async () => (await memory?.readFiles()) ?? [],
    storage,
    inline,
    databases: sumdb.databases,
    onFetched: (request) => getVerification().background.addStored(request),
    counters,
  });
  const files = new ModuleFiles({
    storage,
    upstream,
    inline,
    prefetch: (name) => prefetch.start(name),
    onUse: (request, { path, sha256, sizeBytes, source, isVerified }) => {
      const isOnDisk = path !== "" && source !== "fetch";
      if (isOnDisk && isVerified !== true) getVerification().background.addStored(request);
      memory?.use({ name: request.name, sha256, sizeBytes });
    },
  });
  return { files, prefetch };
}

function openVerification(
  { sumdb, policy, counters, log }: ProxySettings,
  { storage, files, idle }: { storage: FileStorage; files: ModuleFiles; idle: IdleGate },
): Verification {
  const { verifying, databases, stateDir } = sumdb;
  const client =
    verifying?.verifier &&
    new SumdbClient({
      database: verifying,
      heads: new HeadFiles(stateDir),
      read: (request) => files.read(request),
      forget: (name) => files.forget(name),
      onFraud: (message) => log.warn("sumdb", message),
    });
  const verifier = new ModuleVerifier({ storage, databases, policy, client, counters, log });
  const replace = (request: ModRequest) => files.refetch(request);
  return {
    client,
    verifier,
    prompt: new PromptVerifier(verifier),
    background: new BackgroundVerifier({ verifier, idle, replace, log }),
  };
}

interface Drained {
  idle: IdleGate;
  verification: Verification;
  storage: FileStorage;
  inline: InlineFiles;
  memory: RunMemory | undefined;
}

async function drain(
  { idle, verification, storage, inline, memory }: Drained,
  limitMs: number,
): Promise<void> {
  idle.open();
  const startMs = performance.now();
  using limit = new Deadline(Math.min(limitMs, VERIFYING_MS));
  await inline.store();
  // Verification comes first, since the replacement of a wrong file is uploaded.
  await abortable(verification.background.settled(), limit.signal).catch(() => undefined);
  const leftMs = Math.max(limitMs - (performance.now() - startMs), 0);
  await Promise.all([storage.drain(leftMs), memory?.save()]);
}
