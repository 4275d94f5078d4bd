import { goInstall } from "./go-install.ts";
import { plainEnv, run } from "./process.ts";
import { PROM2JSON } from "./tools.ts";

interface Family {
  name: string;
  type: string;
  metrics: { labels?: Record<string, string>; value?: string; count?: string }[];
}

/** The values that Prometheus's own parser reads, by `name{label="value",…}`; for a histogram, its count. */
export async function parseMetrics(text: string): Promise<Record<string, number>> {
  const program = await goInstall(PROM2JSON);
  const { stdout, stderr, exitCode } = await run([program], { env: plainEnv(), stdin: text });
  if (exitCode !== 0 || stderr !== "") throw new Error(`not Prometheus's text format: ${stderr}`);
  const values: Record<string, number> = {};
  for (const { name, metrics } of JSON.parse(stdout) as Family[]) {
    for (const { labels = {}, value, count } of metrics) {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
      values[pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`] = Number(value ?? count);
    }
  }
  return values;
}
