import { dockerText } from "../quote.ts";
import { ALPINE_NOTE, indented, type Recipe } from "./recipe.ts";

/** A Dockerfile; a server would not outlive its layer, so go starts the program itself. */
export function dockerRecipe({ variables, store, region, install, notes }: Recipe): string {
  const aws = store === "aws" ? ([["AWS_REGION", region]] as const) : [];
  const own = variables.filter(([name]) => name !== "GOCACHE_PLUGIN" && name !== "GOCACHE_HTTP");
  const all = [["GOCACHEPROG", "go-cache-plugin"] as const, ...own, ...aws];
  const [fetch, run] = install;
  const secret = store === "directory" ? "" : " --mount=type=secret,id=aws,target=/root/.aws/credentials";
  return `# syntax=docker/dockerfile:1
# Made by "go-cache-plugin init docker".
${indented(
  0,
  notes.map((note) => `# ${note}`),
)}${store === "directory" ? "" : `# Build with: docker build --secret id=aws,src="$HOME/.aws/credentials" .\n`}FROM golang:1.27 AS build
# A layer of its own, made again only for another version. ${ALPINE_NOTE}
RUN ${fetch} \\
 && ${run} \\
 && rm /tmp/install.sh
ENV ${all.map(([name, value]) => `${name}=${dockerText(value)}`).join(" \\\n    ")}
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN${secret} go build -trimpath -o /out/ ./...

FROM scratch
COPY --from=build /out/ /usr/local/bin/
`;
}
