/** Whether modules and checksums are available, if this program is to serve them. */

import { parseDatabases } from "../../gomod/sumdb/databases.ts";
import { Deadline } from "../../lib/async/deadline.ts";
import { describeError } from "../../lib/text/describe-error.ts";
import { readGoSettings } from "../go-env.ts";
import { chooseUpstreams, isOurs } from "../modules/module-upstreams.ts";
import type { Check, Finding, Subject } from "./check.ts";

/** For one answer. */
const LIMIT_MS = 5_000;

/** The proxy of `serve --modproxy` that GOPROXY names, and where `--modproxy` has modules from. */
export const moduleProxy: Check = {
  name: "module proxy",
  run: async (subject: Subject, signal: AbortSignal): Promise<Finding[]> => {
    const ours = ownProxy(subject);
    const findings: Finding[] = [];
    if (ours !== undefined) {
      const remedy = `go-cache-plugin serve --detach --modproxy --http=${new URL(ours).port || "80"}; until then go tries the next entry of GOPROXY, if there is one`;
      findings.push(await tryUrl(new URL("/readyz", ours).href, `GOPROXY's ${ours}`, remedy, signal));
    }
    for (const url of upstreams(subject)) {
      const remedy = "check --upstream, the network, and HTTPS_PROXY and NO_PROXY";
      findings.push(await tryUrl(`${url}/`, `upstream ${url}`, remedy, signal));
    }
    return findings;
  },
};

/** The checksum database that go asks, by way of our proxy where GOPROXY names it. */
export const checksums: Check = {
  name: "checksum database",
  needs: [moduleProxy],
  run: async (subject: Subject, signal: AbortSignal): Promise<Finding[]> => {
    const ours = ownProxy(subject);
    const { serve } = subject.config;
    if (ours === undefined && !serve.modproxy) return [];
    const { GOSUMDB } = readGoSettings(subject.env);
    if (GOSUMDB === "off")
      return [{ severity: "note", message: "GOSUMDB is off: go does not verify checksums of modules" }];
    const databases = parseDatabases(serve.sumdb, GOSUMDB);
    const wanted = databases.get(GOSUMDB.split(/[\s+]/)[0] ?? "") ?? databases.values().next().value;
    if (wanted === undefined) return [];
    const url = ours === undefined ? `${wanted.url}/latest` : `${ours}/sumdb/${wanted.name}/latest`;
    const remedy = "check --sumdb and the network; GONOSUMDB or GOPRIVATE name modules that need none";
    return [
      await tryUrl(url, `${wanted.name}${ours === undefined ? "" : " through GOPROXY"}`, remedy, signal),
    ];
  },
};

/** The first entry of GOPROXY that is a server of this program. */
function ownProxy({ go }: Subject): string | undefined {
  const entries = "settings" in go ? go.settings.GOPROXY.split(/[,|]/) : [];
  const url = entries
    .map((entry) => entry.trim())
    .find((entry) => URL.canParse(entry) && isOurs(entry, undefined));
  return url?.replace(/\/+$/, "");
}

function upstreams({ config, env }: Subject): string[] {
  const { modproxy, upstream, http } = config.serve;
  if (!modproxy) return [];
  const ownPort = http?.kind === "tcp" ? http.port : undefined;
  return chooseUpstreams({ configured: upstream, go: readGoSettings(env), env, ownPort }).map(
    ({ url }) => url,
  );
}

/** Whether a server answers there with anything but a failure. */
async function tryUrl(url: string, name: string, remedy: string, signal: AbortSignal): Promise<Finding> {
  using limit = new Deadline(LIMIT_MS, signal);
  try {
    const answer = await fetch(url, { signal: limit.signal, redirect: "manual" });
    await answer.body?.cancel();
    if (answer.status < 400) return { severity: "ok", message: `${name} answers` };
    // An upstream has no page at its root, and may require authentication.
    if (answer.status < 500 && url.endsWith("/"))
      return { severity: "ok", message: `${name} answers (${answer.status})` };
    return { severity: "error", message: `${name} answers ${answer.status} to ${url}`, remedy };
  } catch (error) {
    return { severity: "error", message: `${name} can't be reached: ${describeError(error)}`, remedy };
  }
}
