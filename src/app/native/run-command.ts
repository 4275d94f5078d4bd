import { constants } from "node:os";
import { isatty } from "node:tty";
import { isErrno } from "../../lib/files/errno.ts";

/** What a shell returns for a command that it can't find, can't run, or that a signal ended. */
const NOT_FOUND = 127;
const NOT_RUN = 126;
const SIGNALLED = 128;

/** The result of a command; `error`: why it was not started. */
export interface CommandEnd {
  exitCode: number;
  error?: unknown;
}

/** Runs a command with this process's input, output and signals. Never rejects. */
export async function runCommand(
  command: readonly string[],
  env: Record<string, string | undefined>,
): Promise<CommandEnd> {
  let child: Bun.Subprocess<"inherit", "inherit", "inherit"> | undefined;
  // Before the command starts: it must not outlive this process.
  const stopForwarding = forwardSignals((signal) => child?.kill(signal));
  try {
    child = Bun.spawn([...command], { env, stdio: ["inherit", "inherit", "inherit"] });
    await child.exited;
    return { exitCode: child.exitCode ?? SIGNALLED + numberOf(child.signalCode) };
  } catch (error) {
    return { exitCode: isErrno(error, "ENOENT") ? NOT_FOUND : NOT_RUN, error };
  } finally {
    stopForwarding();
  }
}

function numberOf(signal: unknown): number {
  const numbers: Partial<Record<string, number>> = constants.signals;
  return numbers[String(signal)] ?? 0;
}

/** A terminal sends its signals to the command as well. */
function forwardSignals(send: (signal: NodeJS.Signals) => void): () => void {
  const hasTerminal = isatty(0);
  const handlers = (["SIGINT", "SIGHUP", "SIGTERM"] as const).map((signal) => {
    const isSentTwice = hasTerminal && signal !== "SIGTERM";
    const handler = () => {
      if (!isSentTwice) send(signal);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return () => {
    for (const remove of handlers) remove();
  };
}
