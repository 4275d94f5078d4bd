import { yamlText } from "../quote.ts";
import { ALPINE_NOTE, credentialNotes, indented, type Recipe, ROLE } from "./recipe.ts";

const TOKEN_FILE = "/tmp/aws-token";

/** A job. */
export function gitlabRecipe(recipe: Recipe): string {
  const { cacheprog, variables, region, store, install, start, finish, notes } = recipe;
  const isAws = store === "aws";
  const aws = [
    ["AWS_REGION", region],
    ["AWS_ROLE_ARN", ROLE],
    ["AWS_WEB_IDENTITY_TOKEN_FILE", TOKEN_FILE],
  ] as const;
  const all = [["GOCACHEPROG", cacheprog], ...variables, ...(isAws ? aws : [])] as const;
  const token = isAws ? [`printf %s "$AWS_TOKEN" > ${TOKEN_FILE}`] : [];
  const before = [...install, ...token, "go-cache-plugin mtimes", ...start];
  return `# A job for .gitlab-ci.yml, made by "go-cache-plugin init gitlab"
${indented(
  0,
  [...notes, ...credentialNotes(recipe)].map((note) => `# ${note}`),
)}test:
  image: golang:1.27 # ${ALPINE_NOTE}
${isAws ? "  id_tokens:\n    AWS_TOKEN:\n      aud: $CI_SERVER_URL\n" : ""}  variables:
${indented(
  4,
  all.map(([name, value]) => `${name}: ${yamlText(value)}`),
)}  before_script:
${indented(
  4,
  before.map((line) => `- ${yamlText(line)}`),
)}  script:
    - go test ./...
${
  finish.length === 0
    ? ""
    : `  after_script:\n${indented(
        4,
        finish.map((line) => `- ${line}`),
      )}`
}`;
}
