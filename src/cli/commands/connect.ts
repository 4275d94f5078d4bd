/** `go-cache-plugin connect ADDR`: serve the go command that started this process, with a server's help. */
import { defineCommand } from "citty";
import type { Call } from "../call.ts";
import { makeLogger } from "../make-logger.ts";
import { parseAddress } from "../options/address-values.ts";
import { resolveCommandSettings } from "../options/command-options.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { writeStderr } from "../output.ts";
import { watchProgress } from "../text/progress-line.ts";
import { isStdinTerminal } from "../text/terminal.ts";
import { CONNECT_TERMINAL_HINT } from "../text/usage-text.ts";
import { UsageError } from "../usage-error.ts";

/** Runs until go closes the session. */
export function connectCommand(call: Call) {
  return defineCommand({
    meta: { name: "connect" },
    run: async () => {
      call.exitCode = await connect(call);
    },
  });
}

async function connect({ commandLine, env }: Call): Promise<number> {
  const settings = resolveSettings(commandLine.flags, env);
  const { waitMs, isFallback } = resolveCommandSettings(commandLine.flags, "connect");
  const operand = commandLine.words[1];
  const address = operand === undefined ? settings.plugin : parseAddress(operand, "connect");
  if (address === undefined) throw new UsageError('"connect" needs the address that "serve" has as --plugin');
  if (isStdinTerminal()) {
    writeStderr(CONNECT_TERMINAL_HINT);
    return 2;
  }
  const config = toConfig(settings);
  const log = makeLogger(settings);
  const { runConnect } = await import("../../app/connect/connect.ts");
  const { project } = settings;
  const context = { env, log, watchProgress: watchProgress(env) };
  return await runConnect(config, { address, waitMs, isFallback, project }, context);
}
