/** The list of commands. Each file is loaded when its command runs, since go waits for direct mode to start. */
import type { CommandList } from "./command.ts";

export const COMMANDS: CommandList = new Map([
  ["direct", async () => (await import("./commands/direct.ts")).directCommand],
  ["init", async () => (await import("./commands/init.ts")).initCommand],
  ["serve", async () => (await import("./commands/serve.ts")).serveCommand],
  ["connect", async () => (await import("./commands/connect.ts")).connectCommand],
  ["prefetch", async () => (await import("./commands/prefetch.ts")).prefetchCommand],
  ["completion", async () => (await import("./commands/completion.ts")).completionCommand],
  ["restore", async () => (await import("./commands/restore.ts")).restoreCommand],
  ["save", async () => (await import("./commands/save.ts")).saveCommand],
  ["exec", async () => (await import("./commands/exec.ts")).execCommand],
  ["mtimes", async () => (await import("./commands/mtimes.ts")).mtimesCommand],
  ["doctor", async () => (await import("./commands/doctor.ts")).doctorCommand],
  ["stats", async () => (await import("./commands/stats.ts")).statsCommand],
  ["explain", async () => (await import("./commands/explain.ts")).explainCommand],
  ["inspect", async () => (await import("./commands/inspect.ts")).inspectCommand],
  ["env", async () => (await import("./commands/env.ts")).envCommand],
  ["version", async () => (await import("./commands/version.ts")).versionCommand],
  ["help", async () => (await import("./commands/help.ts")).helpCommand],
  ["prune", async () => (await import("./commands/prune.ts")).pruneCommand],
  ["gc", async () => (await import("./commands/gc.ts")).gcCommand],
  ["verify", async () => (await import("./commands/verify.ts")).verifyCommand],
  ["mod", async () => (await import("./commands/mod.ts")).modCommand],
  ["ca", async () => (await import("./commands/ca.ts")).caCommand],
  ["keygen", async () => (await import("./commands/keygen.ts")).keygenCommand],
]);
