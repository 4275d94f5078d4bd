/**
 * Trees like `$GOMODCACHE/cache/download`, where a file's path is its URL below a module proxy. go reads any such tree
 * as `GOPROXY=file:///…`.
 */
import { copyFileSync, createReadStream, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { InvalidFileError } from "../../gomod/invalid-file-error.ts";
import { compareVersions } from "../../gomod/version.ts";
import { hashFile } from "../../lib/files/hash-file.ts";
import type { OnProgress } from "../../lib/progress.ts";
import { isMutable } from "../files/freshness.ts";
import { type ModRequest, parseName } from "../names/mod-request.ts";
import type { OpenProxy } from "../open-proxy.ts";
import { storedNames } from "./stored-names.ts";

export interface ImportReport {
  files: number;
  bytes: number;
  /** Files with content that doesn't match their names. */
  refused: string[];
}

/** Stores every good file of a tree that is not stored yet. */
export async function importTree(
  proxy: OpenProxy,
  dir: string,
  onProgress: OnProgress,
): Promise<ImportReport> {
  const report: ImportReport = { files: 0, bytes: 0, refused: [] };
  const names = listTree(dir);
  for (const [index, name] of names.entries()) {
    onProgress({ stage: "importing", done: index + 1, total: names.length });
    const request = parseName(name, proxy.databases);
    if (request === undefined || request.kind === "supported" || isMutable(request)) continue;
    if (proxy.storage.store.find(name) !== undefined) continue;
    try {
      report.bytes += await importFile(proxy, request, join(dir, name));
      report.files++;
    } catch (error) {
      if (!(error instanceof InvalidFileError)) throw error;
      report.refused.push(`${name}: ${error.message}`);
    }
  }
  return report;
}

/** Writes every stored file that never changes, and a list of versions for each module. Returns how many files. */
export async function exportTree(
  proxy: OpenProxy,
  root: string,
  dir: string,
  onProgress: OnProgress,
): Promise<number> {
  const requests = storedNames(root, proxy.databases).filter((request) => !isMutable(request));
  const versions = new Map<string, string[]>();
  let count = 0;
  for (const [index, request] of requests.entries()) {
    onProgress({ stage: "exporting", done: index + 1, total: requests.length });
    const file = await proxy.storage.store.fetchLocal(request.name, proxy.storage.checks.of(request));
    if (file === undefined) continue;
    mkdirSync(dirname(join(dir, request.name)), { recursive: true });
    copyFileSync(file.path, join(dir, request.name));
    count++;
    if (request.kind === "info") push(versions, dirname(request.name), request.version);
  }
  for (const [parent, list] of versions) {
    writeFileSync(join(dir, parent, "list"), `${list.sort(compareVersions).join("\n")}\n`);
  }
  return count;
}

async function importFile({ storage }: OpenProxy, request: ModRequest, path: string): Promise<number> {
  storage.checks.checkContent(request, path);
  const temp = storage.store.createTemp();
  try {
    for await (const chunk of createReadStream(path)) temp.write(chunk);
    const sha256 = await hashFile(temp.path, new AbortController().signal);
    if (sha256 === undefined) throw new Error(`${temp.path} is gone`);
    return storage.keep(request, temp, { sha256, upload: true }).sizeBytes;
  } finally {
    // Does nothing if the file was kept.
    temp.discard();
  }
}

function listTree(dir: string): string[] {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name).slice(dir.length).replaceAll("\\", "/").replace(/^\/+/, ""),
    );
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
