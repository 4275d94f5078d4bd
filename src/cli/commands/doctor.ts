/** `go-cache-plugin doctor`: problems of the setup, and how to fix them. */
import type { CheckedFinding } from "../../app/doctor/check.ts";
import { hideSecrets } from "../../lib/text/hide-secrets.ts";
import { printableJson } from "../../lib/text/printable.ts";
import { type Call, declareCommand } from "../command.ts";
import { resolveDoctorSettings } from "../options/doctor-settings.ts";
import { JSON_OPTION } from "../options/option.ts";
import { toConfig } from "../options/settings.ts";
import { writeStdout } from "../output.ts";
import { exitCodeOf, findingText, summaryText, worstSeverity } from "../text/doctor-text.ts";
import { ProgressLine } from "../text/progress-line.ts";
import { isStdoutTerminal } from "../text/terminal.ts";

/**
 * Prints each finding at once, or JSON at the end. The exit code is the worst finding's. Findings quote GOCACHEPROG,
 * GOPROXY and other variables as they are, so secrets are hidden here, for all checks at once.
 */
export const doctorCommand = declareCommand({
  meta: {
    name: "doctor",
    group: "look",
    description: "report problems and how to fix them; exit code 1 for errors, 3 for warnings",
  },
  options: { isJson: JSON_OPTION },
  examples: [
    "go-cache-plugin doctor",
    "go-cache-plugin doctor --bucket=my-bucket --prefix=team",
    "go-cache-plugin doctor --json > doctor.json",
  ],
  ignoresCacheprog: true,
  run: async (call) => {
    const { isJson } = call.options;
    const isColoured = !call.env.NO_COLOR && call.env.TERM !== "dumb" && isStdoutTerminal();
    const findings: CheckedFinding[] = [];
    await examine(call, (finding) => {
      findings.push(finding);
      if (!isJson) writeStdout(hideSecrets(findingText(finding, isColoured)));
    });
    const severity = worstSeverity(findings);
    writeStdout(isJson ? hideSecrets(`${printableJson({ severity, findings })}\n`) : summaryText(findings));
    return exitCodeOf(severity);
  },
});

async function examine(
  { flags, env, commands }: Call,
  onFinding: (finding: CheckedFinding) => void,
): Promise<void> {
  const { runDoctor } = await import("../../app/doctor/doctor.ts");
  const { askGo } = await import("../../app/doctor/go-facts.ts");
  const { readCacheprog } = await import("../../app/doctor/cacheprog-line.ts");
  using progress = ProgressLine.open(env);
  const cwd = process.cwd();
  const program = process.execPath;
  progress.update({ stage: "running go" });
  const go = await askGo(env, cwd);
  const ofGo = "settings" in go ? go.settings.GOCACHEPROG : "";
  const cacheprog = readCacheprog(env.GOCACHEPROG || ofGo, env);
  const { settings, findings, ...found } = await resolveDoctorSettings({
    flags,
    cacheprog,
    program,
    env,
    commands,
  });
  for (const finding of findings) onFinding(finding);
  const config = toConfig(settings);
  const onProgress = progress.update;
  await runDoctor({ ...found, config, env, cwd, go, cacheprog, program, onFinding, onProgress });
}
