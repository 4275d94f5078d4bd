/** The commands there are; `run.ts` binds each name to what it does. */

/** What the parser and the help need to know of a command. */
interface CommandInfo {
  /** The one word that may follow it. */
  operand?: string;
  summary: string;
  /** Not in the overview. */
  hidden?: boolean;
}

/** The commands by name, in the order of the overview. */
export const COMMANDS: ReadonlyMap<string, CommandInfo> = new Map<string, CommandInfo>([
  [
    "direct",
    { summary: "serve the go command that started this program; what no command means", hidden: true },
  ],
  ["serve", { summary: "serve many go commands, and what --http offers, from one process" }],
  [
    "connect",
    {
      operand: "[ADDR]",
      summary: "serve the go command that started this program, helped by a server",
    },
  ],
  ["prune", { summary: "prune the local cache to --max-size and --expiry now; what was used in 6h stays" }],
  [
    "prefetch",
    { summary: "fetch what this job's last run used, ahead of go; returns at once without --wait" },
  ],
  ["gc", { summary: "remove from the bucket what no run has needed for two weeks; needs s3:DeleteObject" }],
  ["inspect", { operand: "[ID]", summary: "say what is in the bucket, or where an action or output lies" }],
  ["verify", { summary: "check the local cache and the bucket against the hashes of what they hold" }],
  [
    "keygen",
    {
      operand: "[FILE]",
      summary: "make a pair of keys for --sign-key and --trust-key; the secret one goes to FILE",
    },
  ],
  ["help", { operand: "[TOPIC]", summary: "print this overview, or about one topic or command" }],
  ["version", { summary: "print the version, the commit, Bun's version and the platform" }],
]);
