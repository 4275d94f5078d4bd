/** `go-cache-plugin doctor`: what is wrong with the set-up, and how to mend it. */
import { defineCommand } from "citty";
import type { CheckedFinding } from "../../app/doctor/check.ts";
import { hideSecrets } from "../../lib/text/hide-secrets.ts";
import { printableJson } from "../../lib/text/printable.ts";
import type { Call } from "../call.ts";
import { resolveCommandSettings } from "../options/command-options.ts";
import { toConfig } from "../options/settings.ts";
import { writeStdout } from "../output.ts";
import { ProgressLine } from "../text/progress-line.ts";
import { isStdoutTerminal } from "../text/terminal.ts";

/**
 * Prints what it finds as it finds it, or JSON. The exit code is the worst finding's. What is found quotes GOCACHEPROG,
 * GOPROXY and other variables as they are, so secrets are hidden here, for all checks at once.
 */
export function doctorCommand(call: Call) {
  return defineCommand({
    meta: { name: "doctor", description: "Say what is wrong with the set-up" },
    run: async () => {
      call.exitCode = await doctor(call);
    },
  });
}

async function doctor({ commandLine: { flags }, env }: Call): Promise<number> {
  const { isJson } = resolveCommandSettings(flags, "doctor");
  const { runDoctor } = await import("../../app/doctor/doctor.ts");
  const { askGo } = await import("../../app/doctor/go-facts.ts");
  const { readCacheprog } = await import("../../app/doctor/cacheprog-line.ts");
  const { resolveDoctorSettings } = await import("../options/doctor-settings.ts");
  const { exitCodeOf, findingText, summaryText, worstSeverity } = await import("../text/doctor-text.ts");
  using progress = ProgressLine.open(env);
  const cwd = process.cwd();
  progress.update({ stage: "asking go" });
  const go = await askGo(env, cwd);
  const ofGo = "settings" in go ? go.settings.GOCACHEPROG : "";
  const cacheprog = readCacheprog(env.GOCACHEPROG || ofGo, env);
  const program = process.execPath;
  const { settings, cacheprogUse, unread, findings } = resolveDoctorSettings({
    flags,
    cacheprog,
    program,
    env,
  });
  const isColoured = !env.NO_COLOR && env.TERM !== "dumb" && isStdoutTerminal();
  const show = (finding: CheckedFinding) => {
    if (!isJson) writeStdout(hideSecrets(findingText(finding, isColoured)));
  };
  for (const finding of findings) show(finding);
  const onFinding = (finding: CheckedFinding) => {
    findings.push(finding);
    show(finding);
  };
  const config = toConfig(settings);
  const onProgress = progress.update;
  await runDoctor({ config, env, cwd, go, cacheprog, cacheprogUse, unread, program, onFinding, onProgress });
  const severity = worstSeverity(findings);
  writeStdout(isJson ? hideSecrets(`${printableJson({ severity, findings })}\n`) : summaryText(findings));
  return exitCodeOf(severity);
}
