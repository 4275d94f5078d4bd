/** The `mod` commands: they use the module proxy's files without serving them. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Counters } from "../../lib/counters.ts";
import type { OnProgress } from "../../lib/progress.ts";
import { exportTree, type ImportReport, importTree } from "../../modproxy/maintain/download-tree.ts";
import { parseGoSum } from "../../modproxy/maintain/go-sum.ts";
import { type PrefetchReport, prefetchModules as prefetch } from "../../modproxy/maintain/prefetch.ts";
import { type VerifyReport, verifyModules as verify } from "../../modproxy/maintain/verify.ts";
import type { OpenProxy } from "../../modproxy/open-proxy.ts";
import { locateCacheDir } from "../cache-dir/cache-dir.ts";
import { ensureCacheDir } from "../cache-dir/dir-owner.ts";
import type { Config } from "../config.ts";
import type { RunContext } from "../direct.ts";
import { withGoEnv } from "../go-env.ts";
import { openGuardedStore } from "../remote/open-store.ts";
import { openConfiguredProxy } from "./open-module-proxy.ts";

export type ModulePrefetch = PrefetchReport;
export type ModuleVerification = VerifyReport;
export type ModuleImport = ImportReport;

interface Task extends Omit<RunContext, "watchProgress"> {
  config: Config;
  onProgress: OnProgress;
}

/** `paths`: go.sum files. Rejects if one can't be read. */
export async function prefetchModules(task: Task, paths: readonly string[]): Promise<ModulePrefetch> {
  const wanted = paths.flatMap((path) => readGoSum(path));
  return await withProxy(task, (proxy) => prefetch(proxy, wanted, task.onProgress));
}

export async function verifyStoredModules(task: Task): Promise<ModuleVerification> {
  return await withProxy(task, (proxy, root) => verify(proxy, root, task.onProgress));
}

/** `dir`: such as `$GOMODCACHE/cache/download`. */
export async function importModules(task: Task, dir: string): Promise<ModuleImport> {
  return await withProxy(task, (proxy) => importTree(proxy, resolve(dir), task.onProgress));
}

export async function exportModules(task: Task, dir: string): Promise<number> {
  return await withProxy(task, (proxy, root) => exportTree(proxy, root, resolve(dir), task.onProgress));
}

async function withProxy<T>(
  { config, env: given, log, onProgress }: Task,
  use: (proxy: OpenProxy, root: string) => Promise<T>,
): Promise<T> {
  const env = withGoEnv(given);
  const { root, refusal } = locateCacheDir(config.cacheDir, env);
  if (refusal !== undefined) log.warn("directory", refusal);
  ensureCacheDir(root);
  const counters = new Counters();
  await using store = config.remote && openGuardedStore({ config: config.remote, root, env, counters, log });
  const proxy = openConfiguredProxy({ config, env, root, store, counters, log });
  try {
    return await use(proxy, root);
  } finally {
    onProgress({ stage: "uploading" });
    await proxy.drain(config.drainTimeoutMs);
    await proxy.close();
  }
}

function readGoSum(path: string) {
  try {
    return parseGoSum(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new Error(`${path} can't be used`, { cause });
  }
}
