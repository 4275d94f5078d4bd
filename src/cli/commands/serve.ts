/** `go-cache-plugin serve`: one process for many go commands. */
import { defineCommand } from "citty";
import { Logger } from "../../lib/logger.ts";
import type { Call } from "../call.ts";
import type { Settings } from "../options.ts";
import { writeStderr } from "../output.ts";
import { resolveSettings, toConfig } from "../settings.ts";
import { startNotes } from "../start-notes.ts";
import { UsageError } from "../usage-error.ts";

/** Runs until a signal ends it. */
export function serveCommand(call: Call) {
  return defineCommand({
    meta: { name: "serve", description: "Serve many go commands from one process" },
    run: async () => {
      call.exitCode = await serve(call);
    },
  });
}

async function serve({ commandLine, env }: Call): Promise<number> {
  const settings = resolveSettings(commandLine.flags, env);
  checkAddresses(settings);
  const config = toConfig(settings);
  const log = new Logger({ verbose: config.verbose, debugMask: config.debug, write: writeStderr });
  for (const note of config.verbose ? startNotes(settings, env) : []) log.info(() => note);
  const { runServe } = await import("../../app/serve/serve.ts");
  return await runServe(config, { env, log });
}

function checkAddresses({ plugin, http, modproxy, revproxy, forwardConnect }: Settings): void {
  if (plugin === undefined && http === undefined) {
    throw new UsageError('"serve" needs --plugin (such as --plugin=5930), --http, or both');
  }
  if (http !== undefined) return;
  for (const [flag, isOn] of [
    ["--modproxy", modproxy],
    ["--revproxy", revproxy.length > 0],
    ["--forward-connect", forwardConnect],
  ] as const) {
    if (isOn) throw new UsageError(`${flag} needs --http, the address to serve it at`);
  }
}
