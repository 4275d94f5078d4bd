/** `go-cache-plugin` without a command: serve the go command that started this process. */
import { declareCommand } from "../command.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { makeLogger, writeStderr } from "../output.ts";
import { watchProgress } from "../text/progress-line.ts";
import { startNotes } from "../text/start-notes.ts";
import { isStdinTerminal } from "../text/terminal.ts";

/** Printed to stderr if a person starts the program by hand. */
export const TERMINAL_HINT = `The go command starts go-cache-plugin; do not start it by hand. To use it:
  export GOCACHEPROG="go-cache-plugin --bucket=my-bucket" && go build ./...
run "go-cache-plugin help" for more
`;

/** Runs until go closes the session. On a terminal: explains itself on stderr, exit code 2. */
export const directCommand = declareCommand({
  meta: {
    name: "direct",
    description: "serve the go command that started this program; the default",
  },
  ignoresCacheprog: true,
  run: async ({ flags, env }) => {
    const settings = resolveSettings(flags, env);
    if (isStdinTerminal()) {
      writeStderr(TERMINAL_HINT);
      return 2;
    }
    const config = toConfig(settings);
    const log = makeLogger(settings);
    if (config.verbose) for (const note of startNotes(settings, env)) log.info(() => note);
    const { runDirect } = await import("../../app/direct.ts");
    return await runDirect(config, { env, log, watchProgress: watchProgress(env) });
  },
});
