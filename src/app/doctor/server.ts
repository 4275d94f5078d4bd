import { formatListenAddress } from "../../lib/network/listen-address.ts";
import { LINK_VERSION } from "../../net/link-protocol.ts";
import { socketForeignness } from "../../net/socket-owner.ts";
import type { Greeted } from "../connect/greeted.ts";
import type { Check, Finding, Subject } from "./check.ts";

/** Whether the server that go's helper would connect to is running. */
export const server: Check = {
  name: "server",
  run: ({ cacheprogUse, greeted }: Subject): Finding[] => {
    if (cacheprogUse.server === undefined) return [];
    const { address, isUsed, isFallback } = cacheprogUse.server;
    const name = formatListenAddress(address);
    const foreign = address.kind === "unix" ? socketForeignness(address.path) : undefined;
    const findings =
      greeted !== undefined
        ? [judge(greeted, name)]
        : [foreign === undefined ? noListener(name, isUsed, isFallback) : notOwn(foreign, isUsed)];
    if (isUsed) return findings;
    const unused: Finding = {
      severity: "note",
      message: "GOCACHEPROG does not use it: go starts a helper of its own each time",
      remedy: `export GOCACHEPROG="go-cache-plugin connect ${name}"`,
    };
    return [...findings, unused];
  },
};

function noListener(name: string, isUsed: boolean, isFallback: boolean): Finding {
  const message = `nothing listens on ${name}`;
  const start = `go-cache-plugin serve --detach --plugin=${name}`;
  if (!isUsed) return { severity: "note", message };
  if (isFallback)
    return {
      severity: "warning",
      message: `${message}: go continues without a server (--fallback)`,
      remedy: start,
    };
  const remedy = `${start}; or add --fallback or --wait=10s to connect`;
  return { severity: "error", message: `${message}, so every go command fails`, remedy };
}

function notOwn(reason: string, isUsed: boolean): Finding {
  const message = `another user may listen there, so go continues without a server: ${reason}`;
  if (!isUsed) return { severity: "note", message };
  const remedy = "start the server as this user, with a --plugin path below a directory of this user";
  return { severity: "error", message, remedy };
}

function judge({ server: info, line }: Greeted, name: string): Finding {
  if (line === undefined) {
    const message = `the program on ${name} sends no greeting: it hangs, or is not a server of go-cache-plugin`;
    return { severity: "error", message, remedy: "go-cache-plugin serve --stop, and start it again" };
  }
  if (info === undefined || info.link !== LINK_VERSION) {
    const message = `the server on ${name} has another version: connect only passes bytes on, which is slower`;
    return { severity: "warning", message, remedy: "start serve and connect from the same release" };
  }
  const { pid, cacheDir } = info;
  const message = `process ${pid} on ${name}, cache directory ${cacheDir}`;
  return { severity: "ok", message, data: { pid, cacheDir } };
}
