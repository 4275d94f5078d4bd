/** The parts of the page that are updated while it is open. */
import type { Markup } from "./markup.ts";
import type { StatusReport } from "./report.ts";
import { bucketSection } from "./sections/bucket.ts";
import { keyFigures } from "./sections/key-figures.ts";
import { lookUpChart } from "./sections/look-up-chart.ts";
import { machineSection } from "./sections/machine.ts";
import { downloadCache, moduleCache } from "./sections/proxies.ts";
import { scopeTable } from "./sections/scopes.ts";
import { sessionTable } from "./sections/sessions.ts";
import { stateSection } from "./sections/state.ts";
import { waitingTimes } from "./sections/waiting-times.ts";

interface Part {
  /** Id of the element. */
  id: string;
  /** `undefined`: no heading. */
  title: string | undefined;
  render: (report: StatusReport) => Markup;
}

export const PARTS: readonly Part[] = [
  { id: "state", title: undefined, render: stateSection },
  { id: "figures", title: undefined, render: keyFigures },
  { id: "look-ups", title: "Lookups", render: lookUpChart },
  { id: "sessions", title: "Live sessions", render: sessionTable },
  { id: "bucket", title: "Bucket", render: bucketSection },
  { id: "scopes", title: "Scopes in memory", render: scopeTable },
  { id: "times", title: "Waiting times", render: waitingTimes },
  { id: "machine", title: "Disk and process", render: machineSection },
  { id: "modules", title: "Module cache", render: moduleCache },
  { id: "downloads", title: "Download cache", render: downloadCache },
];

/** The HTML of each part, by its id. */
export function renderParts(report: StatusReport): Map<string, string> {
  return new Map(PARTS.map(({ id, render }) => [id, render(report).text]));
}
