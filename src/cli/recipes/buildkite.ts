import { yamlText } from "../quote.ts";
import { indented, type Recipe } from "./recipe.ts";

/** A pipeline with one step. */
export function buildkiteRecipe({ cacheprog, variables, install, start, finish, notes }: Recipe): string {
  const all = [["GOCACHEPROG", cacheprog] as const, ...variables];
  const trap = finish.length === 0 ? [] : [`trap '${finish.join("; ")}' EXIT`];
  const commands = [...install, "go-cache-plugin mtimes", ...start, ...trap, "go test ./..."];
  return `# .buildkite/pipeline.yml, made by "go-cache-plugin init buildkite"
${indented(
  0,
  notes.map((note) => `# ${note}`),
)}# An agent with a role of its own needs no credentials here.
env:
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
