import { yamlText } from "../text/quote.ts";
import { indented, type Recipe } from "./recipe.ts";

/** By go.mod, which always exists; go.sum exists only with dependencies. */
const KEY = `go-modules-v1-{{ arch }}-{{ checksum "go.mod" }}`;

const RESTORE_MODULES = `      - restore_cache: # modules, which this mode does not keep
          keys:
            - ${KEY}
            - go-modules-v1-{{ arch }}-
`;

const SAVE_MODULES = `      - save_cache:
          key: ${KEY}
          paths:
            - ~/go/pkg/mod
`;

/** A configuration with one job. */
export function circleciRecipe(recipe: Recipe): string {
  const { cacheprog, variables, store, region, install, start, finish, notes, goproxy, needsModuleCache } =
    recipe;
  const aws = store === "aws" ? ([["AWS_REGION", region]] as const) : [];
  const all = [...cacheprog, ...variables, ...aws];
  const [fetch, run] = install;
  return `# .circleci/config.yml, made by "go-cache-plugin init circleci"
${indented(
  0,
  notes.map((note) => `# ${note}`),
)}${store === "directory" ? "" : "# The context go-cache holds AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.\n"}version: 2.1
jobs:
  test:
    docker:
      - image: cimg/go:${recipe.goVersion}
    environment:
${indented(
  6,
  all.map(([name, value]) => `${name}: ${yamlText(value)}`),
)}    steps:
      - checkout
${needsModuleCache ? RESTORE_MODULES : ""}      - run: |
          ${fetch}
          sudo ${run}
${indented(10, start)}${goproxy === undefined ? "" : `          echo "export GOPROXY='${goproxy}'" >> "$BASH_ENV"\n`}      - run: go test ./...
${needsModuleCache ? SAVE_MODULES : ""}${indented(
  6,
  finish.flatMap((line) => ["- run:", `    command: ${line}`, "    when: always"]),
)}workflows:
  test:
    jobs:
      - test${store === "directory" ? "" : ":\n          context: go-cache"}
`;
}
