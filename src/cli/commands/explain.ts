/** `go-cache-plugin explain`: why lookups missed, in CI for the whole job, elsewhere for the last go command. */
import { printableJson } from "../../lib/text/printable.ts";
import { declareCommand } from "../command.ts";
import { JSON_OPTION } from "../options/option.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { writeStdout } from "../output.ts";
import { explainText } from "../text/explain-text.ts";
import { ProgressLine } from "../text/progress-line.ts";

/** Prints groups of misses, or JSON with `--json` (`null` when no misses are known). */
export const explainCommand = declareCommand({
  meta: { name: "explain", group: "look", description: "explain the most recent cache misses" },
  options: { isJson: JSON_OPTION },
  examples: ["go-cache-plugin explain --bucket=my-bucket", "go-cache-plugin explain --json"],
  run: async ({ options: { isJson }, flags, env }) => {
    const config = toConfig(resolveSettings(flags, env));
    const { explainMisses } = await import("../../app/explain/explain.ts");
    using progress = ProgressLine.open(env);
    const explanation = await explainMisses(config, env, progress.update);
    writeStdout(isJson ? `${printableJson(explanation ?? null)}\n` : explainText(explanation, Date.now()));
    return 0;
  },
});
