/** `go-cache-plugin connect ADDR`: serve the go command that started this process, with the help of a server. */
import { declareCommand } from "../command.ts";
import { resolveSettings, toConfig } from "../options/settings.ts";
import { parseAddress, parseBoolean, parseTimeout } from "../options/values.ts";
import { makeLogger, writeStderr } from "../output.ts";
import { watchProgress } from "../text/progress-line.ts";
import { isStdinTerminal } from "../text/terminal.ts";
import { UsageError } from "../usage-error.ts";

const TERMINAL_HINT = `The go command starts connect; do not start it by hand. To use it:
  export GOCACHEPROG="go-cache-plugin connect 5930" && go build ./...
`;

/** Runs until go closes the session. On a terminal: explains itself on stderr, exit code 2. */
export const connectCommand = declareCommand({
  meta: {
    name: "connect",
    group: "use",
    description: "serve the go command that started this program, with the help of a server",
  },
  args: { addr: { type: "positional", required: false } },
  options: {
    waitMs: {
      flag: "wait",
      placeholder: "DURATION",
      default: "0",
      meaning: "how long to wait for a server to listen, such as 10s",
      parse: parseTimeout,
    },
    isFallback: {
      flag: "fallback",
      default: "false",
      meaning: "if no server listens, run as without a command",
      parse: parseBoolean,
    },
  },
  examples: [
    'export GOCACHEPROG="go-cache-plugin connect 5930"',
    'export GOCACHEPROG="go-cache-plugin connect /tmp/go-cache.sock --wait=10s"',
    'export GOCACHEPROG="go-cache-plugin connect 5930 --fallback --bucket=my-bucket"',
  ],
  ignoresCacheprog: true,
  run: async ({ args: { addr }, options: { waitMs, isFallback }, flags, env }) => {
    const settings = resolveSettings(flags, env);
    const address = addr === undefined ? settings.plugin : parseAddress(addr, "connect");
    if (address === undefined) {
      throw new UsageError('"connect" needs an address: the --plugin of "serve"');
    }
    if (isStdinTerminal()) {
      writeStderr(TERMINAL_HINT);
      return 2;
    }
    const log = makeLogger(settings);
    const { runConnect } = await import("../../app/connect/connect.ts");
    const { project } = settings;
    const context = { env, log, watchProgress: watchProgress(env) };
    return await runConnect(toConfig(settings), { address, waitMs, isFallback, project }, context);
  },
});
