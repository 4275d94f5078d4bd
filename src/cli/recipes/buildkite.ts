import { yamlText } from "../text/quote.ts";
import { indented, type Recipe } from "./recipe.ts";

const CREDENTIALS =
  "# AWS credentials: the agent's own role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY from its secrets.\n";

const MODULES =
  "# Modules: a permanent agent keeps them in ~/go/pkg/mod. For agents that start empty: init buildkite --modproxy.\n";

/** A pipeline with one step. */
export function buildkiteRecipe({
  cacheprog,
  variables,
  store,
  install,
  start,
  finish,
  notes,
  goproxy,
  needsModuleCache,
}: Recipe): string {
  const all = [...cacheprog, ...variables];
  const trap = `trap '${finish.join("; ")}' EXIT`;
  const proxy = goproxy === undefined ? [] : [`export GOPROXY="${goproxy}"`];
  const lines = [...install, ...start, trap, ...proxy, "go test ./..."];
  // Buildkite would expand a dollar sign.
  const commands = lines.map((line) => line.replaceAll("$", "$$$$"));
  return `# .buildkite/pipeline.yml, made by "go-cache-plugin init buildkite"
${indented(
  0,
  notes.map((note) => `# ${note}`),
)}${store === "directory" ? "" : CREDENTIALS}${needsModuleCache ? MODULES : ""}env:
${indented(
  2,
  all.map(([name, value]) => `${name}: ${yamlText(value.replaceAll("$", "$$$$"))}`),
)}steps:
  - key: test
    label: test
    command: |
${indented(6, commands)}`;
}
