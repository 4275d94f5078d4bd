import { Counters } from "../../src/lib/counters.ts";
import { parseName } from "../../src/modproxy/names/mod-request.ts";
import { type OpenProxy, openProxy } from "../../src/modproxy/open-proxy.ts";
import { Policy } from "../../src/modproxy/policy.ts";
import { parseUpstreams } from "../../src/modproxy/upstream/upstream-list.ts";
import { LocalDir } from "../../src/store/local/local-dir.ts";
import { silentLog } from "../support/silent-log.ts";

/** A proxy without a bucket, in this process. */
export interface LocalProxy extends AsyncDisposable {
  proxy: OpenProxy;
  dir: LocalDir;
  /** Asks for a file, as a client would. */
  get(name: string): ReturnType<OpenProxy["files"]["get"]>;
}

/** `upstreams`: as in GOPROXY. */
export function openLocalProxy(root: string, upstreams: string): LocalProxy {
  const dir = new LocalDir(root);
  const proxy = openProxy({
    dir,
    remote: undefined,
    upstream: { list: parseUpstreams(upstreams), netrc: new Map(), env: {} },
    sumdb: { databases: new Map(), verifying: undefined, stateDir: `${root}/state` },
    policy: new Policy({ goPrivate: "", goNoProxy: "", goNoSumdb: "" }),
    counters: new Counters(),
    log: silentLog,
  });
  return {
    proxy,
    dir,
    get: async (name) => {
      const request = parseName(name, proxy.databases);
      if (request === undefined) throw new Error(`${name} is no file of a module`);
      return await proxy.files.get(request, { mayFetch: true });
    },
    [Symbol.asyncDispose]: () => proxy.close(),
  };
}
