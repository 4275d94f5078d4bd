/** `go-cache-plugin verify`: check what is stored against its hashes. */
import { defineCommand } from "citty";
import { printable } from "../../lib/text/printable.ts";
import { refuseReadOnly } from "../bucket-commands.ts";
import type { Call } from "../call.ts";
import { resolveCommandSettings } from "../options/command-options.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { writeStdout } from "../output.ts";
import { ProgressLine } from "../text/progress-line.ts";

/** Prints what is wrong as it is found. Exit code 1 when something was, and still is there. */
export function verifyCommand(call: Call) {
  return defineCommand({
    meta: { name: "verify", description: "Check what is stored against its hashes" },
    run: async () => {
      call.exitCode = await verify(call);
    },
  });
}

async function verify({ commandLine, env }: Call): Promise<number> {
  const settings = resolveSettings(commandLine.flags, env);
  const { cacheDir, remote } = toConfig(settings);
  const { isRepairing } = resolveCommandSettings(commandLine.flags, "verify");
  if (isRepairing && remote !== undefined) refuseReadOnly(settings, "--repair");
  const { verifyAll } = await import("../../app/maintenance/verify.ts");
  const { verifyText } = await import("../text/verify-text.ts");
  using progress = ProgressLine.open(env);
  const found = { wrong: 0, removed: 0 };
  const report = await verifyAll({
    config: remote,
    cacheDir,
    env,
    isRepairing,
    onProgress: progress.update,
    onFinding: ({ where, what, isRemoved }) => {
      found.wrong++;
      if (isRemoved) found.removed++;
      writeStdout(`${printable(`${where}: ${what}`)}${isRemoved ? "; removed" : ""}\n`);
    },
  });
  writeStdout(verifyText(report, found));
  return found.wrong > found.removed ? 1 : 0;
}
