/** The exports for clients of a server. */
import { exportLine } from "./quote.ts";

/** GOPROXY for a shell to evaluate between double quotes: the module proxy, then go's own value as the fallback. */
export function goProxyWord(http: string): string {
  return `${httpUrl(http)}/mod|$(go env GOPROXY)`;
}

/** Lines for a POSIX shell that uses the server; `program`: a word of GOCACHEPROG. */
export function serverExports(options: {
  program: string;
  plugin: string | undefined;
  http: string | undefined;
  modproxy: boolean;
}): string[] {
  const { program, plugin, http, modproxy } = options;
  const isUrl = http !== undefined && !http.includes("/");
  return [
    ...(plugin === undefined
      ? []
      : [exportLine("sh", "GOCACHEPROG", `${program} connect ${plugin} --fallback`).trimEnd()]),
    ...(modproxy && isUrl ? [`export GOPROXY="${goProxyWord(http)}"`] : []),
  ];
}

/** On this machine the loopback address reaches a server on all interfaces. */
function httpUrl(address: string): string {
  const [, host = "", port = address] = /^(.*):(\d+)$/.exec(address) ?? [];
  const isEverywhere = ["", "0.0.0.0", "[::]"].includes(host);
  return `http://${isEverywhere ? "127.0.0.1" : host}:${port}`;
}
