import { yamlText } from "../text/quote.ts";
import { ALPINE_NOTE, credentialNotes, indented, type Recipe, ROLE } from "./recipe.ts";

const MODULE_CACHE =
  "  cache: # modules, which this mode does not keep\n    key:\n      files: [go.sum]\n    paths: [.go-mod]\n";

const TOKEN_FILE = "/tmp/aws-token";

/** A job. */
export function gitlabRecipe(recipe: Recipe): string {
  const { cacheprog, variables, region, store, install, start, finish, notes, goproxy, needsModuleCache } =
    recipe;
  const isAws = store === "aws";
  const aws = [
    ["AWS_REGION", region],
    ["AWS_ROLE_ARN", ROLE],
    ["AWS_WEB_IDENTITY_TOKEN_FILE", TOKEN_FILE],
  ] as const;
  // GitLab caches only paths in the checkout; go ignores directories that start with a dot.
  const modules = [["GOMODCACHE", "$CI_PROJECT_DIR/.go-mod"]] as const;
  const all = [
    ...cacheprog,
    ...variables,
    ...(isAws ? aws : []),
    ...(needsModuleCache ? modules : []),
  ] as const;
  const token = isAws ? [`printf %s "$AWS_TOKEN" > ${TOKEN_FILE}`] : [];
  const proxy = goproxy === undefined ? [] : [`export GOPROXY="${goproxy}"`];
  const before = [...install, ...token, ...start, ...proxy];
  return `# A job for .gitlab-ci.yml, made by "go-cache-plugin init gitlab"
${indented(
  0,
  [...notes, ...credentialNotes(recipe)].map((note) => `# ${note}`),
)}test:
  image: golang:${recipe.goVersion} # ${ALPINE_NOTE}
${isAws ? "  id_tokens:\n    AWS_TOKEN:\n      aud: $CI_SERVER_URL\n" : ""}  variables:
${indented(
  4,
  all.map(([name, value]) => `${name}: ${yamlText(value)}`),
)}${needsModuleCache ? MODULE_CACHE : ""}  before_script:
${indented(
  4,
  before.map((line) => `- ${yamlText(line)}`),
)}  script:
    - go test ./...
  after_script:
${indented(
  4,
  finish.map((line) => `- ${line}`),
)}`;
}
