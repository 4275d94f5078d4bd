/** The list of commands. Each file is loaded when its command runs, since go waits for direct mode to start. */
import type { CommandList } from "./command.ts";

export const COMMANDS: CommandList = new Map([
  ["direct", async () => (await import("./commands/direct.ts")).directCommand],
  ["serve", async () => (await import("./commands/serve.ts")).serveCommand],
  ["connect", async () => (await import("./commands/connect.ts")).connectCommand],
  ["prune", async () => (await import("./commands/prune.ts")).pruneCommand],
  ["prefetch", async () => (await import("./commands/prefetch.ts")).prefetchCommand],
  ["restore", async () => (await import("./commands/restore.ts")).restoreCommand],
  ["save", async () => (await import("./commands/save.ts")).saveCommand],
  ["exec", async () => (await import("./commands/exec.ts")).execCommand],
  ["gc", async () => (await import("./commands/gc.ts")).gcCommand],
  ["inspect", async () => (await import("./commands/inspect.ts")).inspectCommand],
  ["stats", async () => (await import("./commands/stats.ts")).statsCommand],
  ["explain", async () => (await import("./commands/explain.ts")).explainCommand],
  ["verify", async () => (await import("./commands/verify.ts")).verifyCommand],
  ["ca", async () => (await import("./commands/ca.ts")).caCommand],
  ["mod", async () => (await import("./commands/mod.ts")).modCommand],
  ["mtimes", async () => (await import("./commands/mtimes.ts")).mtimesCommand],
  ["init", async () => (await import("./commands/init.ts")).initCommand],
  ["doctor", async () => (await import("./commands/doctor.ts")).doctorCommand],
  ["env", async () => (await import("./commands/env.ts")).envCommand],
  ["completion", async () => (await import("./commands/completion.ts")).completionCommand],
  ["keygen", async () => (await import("./commands/keygen.ts")).keygenCommand],
  ["help", async () => (await import("./commands/help.ts")).helpCommand],
  ["version", async () => (await import("./commands/version.ts")).versionCommand],
]);
