import { yamlText } from "../quote.ts";
import { indented, type Recipe } from "./recipe.ts";

const CREDENTIALS =
  "# AWS credentials: the agent's own role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY from its secrets.\n";

/** A pipeline with one step. */
export function buildkiteRecipe({
  cacheprog,
  variables,
  store,
  install,
  start,
  finish,
  notes,
}: Recipe): string {
  const all = [["GOCACHEPROG", cacheprog] as const, ...variables];
  const trap = finish.length === 0 ? [] : [`trap '${finish.join("; ")}' EXIT`];
  const commands = [...install, "go-cache-plugin mtimes", ...start, ...trap, "go test ./..."];
  return `# .buildkite/pipeline.yml, made by "go-cache-plugin init buildkite"
${indented(
  0,
  notes.map((note) => `# ${note}`),
)}${store === "directory" ? "" : CREDENTIALS}env:
${indented(
  2,
  // Buildkite would replace a dollar sign by what it knows itself.
  all.map(([name, value]) => `${name}: ${yamlText(value.replaceAll("$", "$$$$"))}`),
)}steps:
  - key: test
    label: test
    command: |
${indented(6, commands)}`;
}
