import { yamlText } from "../quote.ts";
import { indented, type Recipe } from "./recipe.ts";

/** A configuration with one job. */
export function circleciRecipe(recipe: Recipe): string {
  const { cacheprog, variables, store, region, install, start, finish, notes } = recipe;
  const aws = store === "aws" ? ([["AWS_REGION", region]] as const) : [];
  const all = [["GOCACHEPROG", cacheprog] as const, ...variables, ...aws];
  const [fetch, run] = install;
  return `# .circleci/config.yml, made by "go-cache-plugin init circleci"
${indented(
  0,
  notes.map((note) => `# ${note}`),
)}${store === "directory" ? "" : "# The context go-cache holds AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.\n"}version: 2.1
jobs:
  test:
    docker:
      - image: cimg/go:1.27
    environment:
${indented(
  6,
  all.map(([name, value]) => `${name}: ${yamlText(value)}`),
)}    steps:
      - checkout
      - run: |
          ${fetch}
          sudo ${run}
          go-cache-plugin mtimes
${indented(10, start)}      - run: go test ./...
${indented(
  6,
  finish.flatMap((line) => ["- run:", `    command: ${line}`, "    when: always"]),
)}workflows:
  test:
    jobs:
      - test${store === "directory" ? "" : ":\n          context: go-cache"}
`;
}
