import { yamlText } from "../text/quote.ts";
import { credentialNotes, indented, type Recipe, ROLE } from "./recipe.ts";

/** A workflow. */
export function githubRecipe(recipe: Recipe): string {
  const { repository, tag, mode, notes, needsModuleCache } = recipe;
  return `# .github/workflows/test.yml, made by "go-cache-plugin init github"
${indented(
  0,
  [...notes, ...credentialNotes(recipe)].map((note) => `# ${note}`),
)}name: test
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
${recipe.store === "aws" ? "  id-token: write # for the role\n" : ""}jobs:
  test:
    runs-on: ubuntu-latest
    env:
${indented(6, environment(recipe))}    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-go@v5
        with:
          go-version-file: go.mod
          cache: false # ${needsModuleCache ? "it would cache go's own build cache, which the plugin replaces" : "the plugin replaces it whole: build outputs and modules"}
${modules(recipe)}${credentials(recipe)}      - uses: ${repository}/.github/actions/setup@${tag}
        with:
          mode: ${mode}
${goproxy(recipe)}      - run: go test ./...
`;
}

function environment({ variables, store }: Recipe): string[] {
  const keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
  return [
    ...variables.map(([name, value]) => `${name}: ${yamlText(value)}`),
    ...(store === "s3" ? keys.map((name) => `${name}: \${{ secrets.${name} }}`) : []),
  ];
}

function credentials({ store, region }: Recipe): string {
  if (store !== "aws") return "";
  return `      - uses: aws-actions/configure-aws-credentials@v4
        # A pull request from a fork gets no token, so it builds without the bucket.
        if: \${{ !github.event.pull_request.head.repo.fork }}
        with:
          role-to-assume: ${ROLE}
          aws-region: ${yamlText(region)}
`;
}

function modules({ needsModuleCache }: Recipe): string {
  if (!needsModuleCache) return "";
  return `      - uses: actions/cache@v4 # modules, which this mode does not keep
        with:
          path: ~/go/pkg/mod
          key: go-modules-\${{ runner.os }}-\${{ hashFiles('**/go.sum') }}
          restore-keys: go-modules-\${{ runner.os }}-
`;
}

function goproxy({ goproxy }: Recipe): string {
  if (goproxy === undefined) return "";
  return `      # Modules through the server; without it as before.\n      - run: echo "GOPROXY=${goproxy}" >> "$GITHUB_ENV"\n`;
}
