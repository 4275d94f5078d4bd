/** A module proxy with the modules that this machine has fetched, including releases of go. */
import { join } from "node:path";
import { machineGoEnv } from "../go-toolchain.ts";

export interface FetchedModules extends AsyncDisposable {
  readonly url: string;
  /** Every requested path, in order. */
  readonly requested: string[];
}

export async function serveFetchedModules(): Promise<FetchedModules> {
  const { GOMODCACHE = "" } = await machineGoEnv();
  const requested: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async ({ url }) => {
      const path = decodeURIComponent(new URL(url).pathname.slice(1));
      requested.push(path);
      const file = Bun.file(join(GOMODCACHE, "cache/download", path));
      return (await file.exists()) ? new Response(file) : new Response("not found", { status: 404 });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    requested,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
