/** The end of the job, also of one that has failed: stores what is new, and says what the cache did. Never fails. */
import { append, env, outputOf, state, succeeds, warn } from "./runner.mjs";

const program = state("program");
// Otherwise nothing was installed.
if (program !== "") {
  if (state("mode") === "native") succeeds(program, ["save"]);
  if (state("mode") === "server" && !succeeds(program, ["serve", "--stop", `--plugin=${env.GOCACHE_PLUGIN}`]))
    warn("the server did not stop, and not everything may be in the bucket");
  const summary = outputOf(program, ["stats", "--markdown"]);
  if (summary !== undefined) append("GITHUB_STEP_SUMMARY", summary.trimEnd());
}
