import { existsSync } from "node:fs";
import { filesBelow } from "../../support/file-tree.ts";
import { type ModServer, startModServer } from "../../support/modules/mod-server.ts";
import { type ModuleUpstream, startModuleUpstream } from "../../support/modules/module-upstream.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

/** A proxy, its upstream, and a directory for both. */
export interface ProxyFixture extends AsyncDisposable {
  dir: TempDir;
  upstream: ModuleUpstream;
  server: ModServer;
}

/** The upstream has the modules of `addCaseModules`. */
export async function openProxyFixture(
  options: { flags?: string[]; env?: Record<string, string> } = {},
): Promise<ProxyFixture> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(tempDir("modproxy"));
  const upstream = stack.use(await startModuleUpstream());
  await addCaseModules(upstream);
  const server = stack.use(await startModServer({ dir: dir.path, upstream, ...options }));
  const kept = stack.move();
  return { dir, upstream, server, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

export async function addCaseModules(upstream: ModuleUpstream): Promise<void> {
  const files = { "a.go": 'package a\n\n// Name says who it is.\nconst Name = "a"\n' };
  const origin = { Origin: { VCS: "git", URL: "https://example.com/a" } };
  await upstream.addModule({ module: "example.com/a", version: "v1.1.0", files, info: origin });
  await upstream.addModule({ module: "example.com/a", version: "v1.0.0", files });
  await upstream.addModule({ module: "example.com/a", version: "v1.2.0-Pre", files });
  await upstream.addModule({ module: "example.com/BigCo/Lib", version: "v0.1.0", files });
  await upstream.addModule({ module: "example.com/inc", version: "v2.0.0+incompatible", files });
  const pseudo = { module: "example.com/pseudo", version: "v0.0.0-20240102030405-abcdefabcdef" };
  await upstream.addModule({ ...pseudo, files, isListed: false });
  const info = JSON.stringify({ Version: pseudo.version, Time: "2024-01-02T03:04:05Z" });
  for (const revision of ["@latest", "@v/master.info", "@v/abcdefabcdef.info"]) {
    upstream.files.set(`example.com/pseudo/${revision}`, info);
  }
  upstream.files.set("example.com/a/@latest", '{"Version":"v1.1.0"}');
  upstream.files.set("example.com/a/@v/master.info", '{"Version":"v1.1.0"}');
  upstream.files.set(
    "example.com/a/@v/list",
    "v1.1.0\nv1.0.0\nv1.2.0-Pre\nv0.0.0-20240102030405-abcdefabcdef\njunk\n",
  );
}

/** The stored files of modules and databases. */
export function storedFiles(server: ModServer): string[] {
  return existsSync(server.cacheDir)
    ? filesBelow(server.cacheDir).filter((name) => name.startsWith("module/"))
    : [];
}

/** The hash that a name is stored under. */
export function nameHash(name: string): string {
  return new Bun.CryptoHasher("sha256").update(name).digest("hex");
}
