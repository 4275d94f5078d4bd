import { formatSpan } from "../figures.ts";
import { html, type Markup } from "../markup.ts";
import { gaugeOf, type StatusReport } from "../report.ts";

/** Host, process and version, and the server's state in one sentence. */
export function stateSection(report: StatusReport): Markup {
  const { host, pid, nowMs, startedMs, version } = report;
  const { kind, text, detail } = stateOf(report);
  const more = detail === undefined ? undefined : html`<p class="state-detail">${detail}</p>`;
  return html`<p class="about">${host}, process ${pid}, up for ${formatSpan(nowMs - startedMs)}
<br>${version}</p>
<div class="state state-${kind}"><p>${text}</p>${more}</div>`;
}

interface State {
  kind: "good" | "bad" | "ending";
  text: string;
  detail?: string | undefined;
}

function stateOf(report: StatusReport): State {
  const { bucket } = report;
  if (gaugeOf(report, "draining") === 1) {
    const text = "The server is shutting down. It uploads what is left; go commands continue without it.";
    return { kind: "ending", text };
  }
  if (bucket?.reads !== undefined) {
    const again = probe(bucket.reads, report, "; next probe");
    const text = `The bucket ${bucket.name} does not answer. Builds continue without it${again}.`;
    return { kind: "bad", text, detail: bucket.trouble };
  }
  if (bucket?.writes !== undefined) {
    const again = probe(bucket.writes, report, "; next probe");
    const text = `The bucket ${bucket.name} accepts no uploads${again}. Waiting uploads are kept.`;
    return { kind: "bad", text, detail: bucket.trouble };
  }
  return { kind: "good", text: `Serving ${served(report)}.` };
}

function probe({ probeAtMs }: { probeAtMs: number }, { nowMs }: StatusReport, text: string): string {
  return probeAtMs > nowMs ? `${text} in ${formatSpan(probeAtMs - nowMs)}` : "";
}

function served({ pluginAddress, bucket, hasModules, proxiedHosts }: StatusReport): string {
  const things = [
    ...(pluginAddress === undefined ? [] : [`go commands on ${pluginAddress}`]),
    ...(hasModules ? ["modules"] : []),
    ...(proxiedHosts === undefined ? [] : ["downloads"]),
  ];
  const source = bucket === undefined ? "from this machine's disk only" : `with the bucket ${bucket.name}`;
  return `${things.length === 0 ? "this page" : new Intl.ListFormat("en").format(things)}, ${source}`;
}
