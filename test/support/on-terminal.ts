/** Runs commands on a new terminal. */

export interface TerminalOutcome {
  /** The whole output on the terminal, stdout and stderr in order. */
  terminal: string;
  exitCode: number;
}

export interface TerminalOptions {
  env: Record<string, string>;
  cwd?: string;
  /** Called with the whole output so far whenever it grows. */
  onText?: (terminal: string) => void;
}

/** Runs a command to its end with stdin, stdout and stderr on a new terminal of 80 columns. */
export async function runOnTerminal(
  argv: string[],
  { env, cwd, onText }: TerminalOptions,
): Promise<TerminalOutcome> {
  let terminal = "";
  const decoder = new TextDecoder();
  const child = Bun.spawn(argv, {
    env,
    ...(cwd === undefined ? {} : { cwd }),
    terminal: {
      cols: 80,
      rows: 24,
      data: (_, bytes) => {
        terminal += decoder.decode(bytes, { stream: true });
        onText?.(terminal);
      },
    },
  });
  const exitCode = await child.exited;
  return { terminal, exitCode };
}
