/** The module proxy's and the forward proxy's caches. */
import { formatByteSize } from "../../../lib/text/byte-size.ts";
import { formatCount } from "../figures.ts";
import { html, type Markup } from "../markup.ts";
import type { StatusReport } from "../report.ts";
import { factList } from "./pieces.ts";

export function moduleCache({ hasModules, counters }: StatusReport): Markup {
  if (!hasModules) {
    return html`<p class="empty">Off. Start the server with <code>--modproxy</code> for modules and checksums.</p>`;
  }
  const count = (...names: string[]) => formatCount(sumOf(counters, names));
  return factList([
    ["Requests", count("mod_get_request")],
    ["From the disk", count("mod_get_local_hit")],
    ["From the bucket", count("mod_get_fault_hit", "mod_run_inline")],
    [
      "Upstream requests",
      html`${count("mod_upstream_request")}<span class="sub">${formatByteSize(counters.mod_upstream_bytes ?? 0)}</span>`,
    ],
    ["Verified", count("mod_verify_good")],
    ["Verification failures", count("mod_verify_wrong")],
    ["Failures", count("mod_error", "mod_upstream_error")],
  ]);
}

export function downloadCache({ proxiedHosts, counters }: StatusReport): Markup {
  if (proxiedHosts === undefined) {
    return html`<p class="empty">Off. Start the server with <code>--revproxy</code> to cache other downloads.</p>`;
  }
  const count = (...names: string[]) => formatCount(sumOf(counters, names));
  return factList([
    ["Hosts", proxiedHosts.length === 0 ? "none, tunnels only" : proxiedHosts.join(", ")],
    ["Requests", count("rev_req_received")],
    ["From memory or disk", count("rev_req_memory_hit", "rev_req_local_hit")],
    ["From the bucket", count("rev_req_fault_hit")],
    ["Origin requests", count("rev_req_forward")],
    [
      "Stored",
      html`${count("rev_rsp_save", "rev_rsp_save_memory")}<span class="sub">${formatByteSize(counters.rev_rsp_save_bytes ?? 0)}</span>`,
    ],
    [
      "Failures",
      count("rev_rsp_save_error", "rev_rsp_push_error", "proxy_proxy_conn_error", "proxy_fwd_conn_error"),
    ],
  ]);
}

function sumOf(counters: StatusReport["counters"], names: string[]): number {
  return names.reduce((sum, name) => sum + (counters[name] ?? 0), 0);
}
