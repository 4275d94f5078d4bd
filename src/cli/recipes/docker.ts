import type { Variable } from "../options/given-values.ts";
import { dockerText } from "../text/quote.ts";
import { ALPINE_NOTE, indented, type Recipe } from "./recipe.ts";

const KEYS = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/** A Dockerfile. A server does not outlive its layer, so only the build step has one, and only for the module proxy. */
export function dockerRecipe(recipe: Recipe): string {
  const { store, install, notes, goproxy, goVersion } = recipe;
  const [fetch, run] = install;
  return `# syntax=docker/dockerfile:1
# Made by "go-cache-plugin init docker".
${indented(
  0,
  [...notes, ...(store === "directory" ? [] : BUILD_NOTES)].map((note) => `# ${note}`),
)}FROM golang:${goVersion} AS build
# A separate layer, rebuilt only for another version. ${ALPINE_NOTE}
RUN ${fetch} \\
 && ${run} \\
 && rm /tmp/install.sh
# Programs without C need no libraries, so they start in an empty image.
ENV ${environment(recipe)
    .map(([name, value]) => `${name}=${dockerText(value)}`)
    .join(" \\\n    ")}
WORKDIR /src
${goproxy === undefined ? "COPY go.* ./\nRUN go mod download\n" : ""}COPY . .
RUN ${[...mounts(recipe), buildSteps(goproxy)].join(" \\\n    ")}

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/ /usr/local/bin/
`;
}

const BUILD_NOTES = [
  'Build with: eval "$(aws configure export-credentials --format env)", unless these variables are set already, and',
  `docker build ${KEYS.map((name) => `--secret id=${name},env=${name}`).join(" ")} .`,
];

function environment({ variables, store, region, goproxy }: Recipe): Variable[] {
  const unused = ["GOCACHE_PLUGIN", ...(goproxy === undefined ? ["GOCACHE_HTTP"] : [])];
  return [
    ["CGO_ENABLED", "0"],
    ["GOCACHEPROG", "go-cache-plugin"],
    ...variables.filter(([name]) => !unused.includes(name)),
    ...(store === "aws" ? ([["AWS_REGION", region]] as const) : []),
  ];
}

/** Mounts of the build step, in no layer: credentials, or a directory of the builder. */
function mounts({ store, variables }: Recipe): string[] {
  if (store !== "directory") return KEYS.map((name) => `--mount=type=secret,id=${name},env=${name}`);
  const url = variables.find(([name]) => name === "GOCACHE_S3_BUCKET")?.[1] ?? "";
  return [`--mount=type=cache,target=${dockerText(Bun.fileURLToPath(url))}`];
}

function buildSteps(goproxy: string | undefined): string {
  const build = "go build -trimpath -o /out/ ./...";
  if (goproxy === undefined) return build;
  const steps = ["go-cache-plugin serve --detach", `export GOPROXY="${goproxy}"`, build];
  return [...steps, "go-cache-plugin serve --stop"].join(" \\\n && ");
}
