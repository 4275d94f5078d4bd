/** `go-cache-plugin explain`: why lookups missed: in CI those of the job, elsewhere those of the last go command. */
import { defineCommand } from "citty";
import { printableJson } from "../../lib/text/printable.ts";
import type { Call } from "../call.ts";
import { resolveCommandSettings } from "../options/command-options.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { writeStdout } from "../output.ts";
import { ProgressLine } from "../text/progress-line.ts";

/** Prints groups of misses, or JSON with `--json` (`null` when no misses are known). */
export function explainCommand(call: Call) {
  return defineCommand({
    meta: { name: "explain", description: "Explain the most recent cache misses" },
    run: () => explain(call),
  });
}

async function explain({ commandLine, env }: Call): Promise<void> {
  const config = toConfig(resolveSettings(commandLine.flags, env));
  const { isJson } = resolveCommandSettings(commandLine.flags, "explain");
  const { explainMisses } = await import("../../app/explain/explain.ts");
  const { explainText } = await import("../text/explain-text.ts");
  using progress = ProgressLine.open(env);
  const explanation = await explainMisses(config, env, progress.update);
  writeStdout(isJson ? `${printableJson(explanation ?? null)}\n` : explainText(explanation, Date.now()));
}
