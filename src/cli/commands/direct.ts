/** `go-cache-plugin` without a command: serve the go command that started this process. */
import { defineCommand } from "citty";
import type { Call } from "../call.ts";
import { makeLogger } from "../make-logger.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { writeStderr } from "../output.ts";
import { watchProgress } from "../text/progress-line.ts";
import { startNotes } from "../text/start-notes.ts";
import { isStdinTerminal } from "../text/terminal.ts";
import { TERMINAL_HINT } from "../text/usage-text.ts";

/** Runs until go closes the session. On a terminal: says how to use it on stderr, exit code 2. */
export function directCommand(call: Call) {
  return defineCommand({
    meta: { name: "direct" },
    run: async () => {
      call.exitCode = await serveGo(call);
    },
  });
}

async function serveGo({ commandLine, env }: Call): Promise<number> {
  const settings = resolveSettings(commandLine.flags, env);
  if (isStdinTerminal()) {
    writeStderr(TERMINAL_HINT);
    return 2;
  }
  const config = toConfig(settings);
  const log = makeLogger(settings);
  if (config.verbose) for (const note of startNotes(settings, env)) log.info(() => note);
  const { runDirect } = await import("../../app/direct.ts");
  return await runDirect(config, { env, log, watchProgress: watchProgress(env) });
}
