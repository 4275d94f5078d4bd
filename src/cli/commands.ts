/** The commands there are; `run.ts` binds each name to what it does. */

/** What the parser and the help need to know of a command. */
export interface CommandInfo {
  /** What may follow it: one word, or as many as `maxOperands`; without brackets it has to. */
  operand?: string;
  maxOperands?: number;
  /** All that it can be, where they are few. */
  operandWords?: readonly string[];
  summary: string;
  /** Not in the overview. */
  hidden?: boolean;
}

/** What `init` has recipes for. */
export const PLACES = ["github", "gitlab", "buildkite", "circleci", "jenkins", "shell", "docker"] as const;

/** What `mod` does, and how many paths may follow each task, at least and at most. */
export const MOD_TASKS = {
  prefetch: [0, Number.POSITIVE_INFINITY],
  verify: [0, 0],
  import: [1, 1],
  export: [1, 1],
} as const;

/** What `completion` has scripts for. */
const COMPLETION_SHELLS = ["bash", "zsh", "fish"] as const;

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
  ["gc", { summary: "remove from the bucket what no run needed for two weeks; needs s3:DeleteObject" }],
  ["inspect", { operand: "[ID]", summary: "say what is in the bucket, or where an action or output lies" }],
  ["stats", { summary: "show hits, traffic, time saved and cost of this job" }],
  ["explain", { summary: "explain the most recent cache misses" }],
  ["verify", { summary: "check the local cache and the bucket against the hashes of what they hold" }],
  [
    "ca",
    {
      operand: "ACTION",
      operandWords: ["print", "install", "uninstall"],
      summary: "print, install or uninstall the certificate of the forward proxy (--revproxy)",
    },
  ],
  [
    "mod",
    {
      operand: "TASK",
      operandWords: Object.keys(MOD_TASKS),
      maxOperands: Number.POSITIVE_INFINITY,
      summary: "modules of --modproxy: prefetch [GO.SUM...], verify, import DIR, export DIR",
    },
  ],
  [
    "mtimes",
    {
      operand: "[DIR]",
      summary: "give tracked files the same times in every checkout, so that test results hit",
    },
  ],
  [
    "init",
    {
      operand: "PLACE",
      operandWords: PLACES,
      summary: `print the set-up: ${PLACES.join(", ")}`,
    },
  ],
  ["doctor", { summary: "say what is wrong and how to mend it; exit code 1 for errors, 3 for warnings" }],
  ["env", { summary: "print the variables that make go use it, for a shell to read" }],
  [
    "completion",
    {
      operand: "SHELL",
      operandWords: COMPLETION_SHELLS,
      summary: `print what completes its words: ${COMPLETION_SHELLS.join(", ")}`,
    },
  ],
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
