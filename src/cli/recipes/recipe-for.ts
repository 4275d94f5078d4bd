import { givenVariables, isServed, type Variable } from "../given-values.ts";
import { type Environment, resolveSettings } from "../settings.ts";
import { UsageError } from "../usage-error.ts";
import { releaseOf } from "../version-line.ts";
import { buildkiteRecipe } from "./buildkite.ts";
import { circleciRecipe } from "./circleci.ts";
import { dockerRecipe } from "./docker.ts";
import { githubRecipe } from "./github.ts";
import { gitlabRecipe } from "./gitlab.ts";
import { jenkinsRecipe } from "./jenkins.ts";
import type { Recipe } from "./recipe.ts";
import { shellRecipe } from "./shell.ts";

const RECIPES: ReadonlyMap<string, (recipe: Recipe) => string> = new Map([
  ["github", githubRecipe],
  ["gitlab", gitlabRecipe],
  ["buildkite", buildkiteRecipe],
  ["circleci", circleciRecipe],
  ["jenkins", jenkinsRecipe],
  ["shell", shellRecipe],
  ["docker", dockerRecipe],
]);

const BUCKET: Variable = ["GOCACHE_S3_BUCKET", "my-bucket"];
const REGION = "eu-central-1";

/** The file for one place. What was not given is filled in with an example, and named in the notes at its top. */
export function recipeFor(place: string, flags: ReadonlyMap<string, string>, env: Environment): string {
  const write = RECIPES.get(place);
  if (write === undefined) throw new UsageError(`"init" needs one of ${[...RECIPES.keys()].join(", ")}`);
  return write(makeRecipe(flags, env));
}

function makeRecipe(flags: ReadonlyMap<string, string>, env: Environment): Recipe {
  const { bucket, endpointUrl, region, layout } = resolveSettings(flags, env);
  const given = givenVariables(flags, env);
  const served = isServed(given);
  const store = bucket?.kind === "directory" ? "directory" : endpointUrl === undefined ? "aws" : "s3";
  const release = releaseOf();
  const connect = "go-cache-plugin connect --fallback";
  return {
    ...release,
    store,
    region: region ?? env.AWS_REGION ?? REGION,
    isServed: served,
    cacheprog: served ? connect : "go-cache-plugin",
    variables: bucket === undefined ? [BUCKET, ...given] : given,
    start: served
      ? ["go-cache-plugin serve --detach"]
      : layout === "split"
        ? []
        : ["go-cache-plugin prefetch"],
    finish: served ? ["go-cache-plugin serve --stop"] : [],
    install: [
      `curl -fsSL -o /tmp/install.sh https://github.com/${release.repository}/releases/download/${release.tag}/install.sh`,
      `sh /tmp/install.sh --version ${release.tag} --to /usr/local/bin`,
    ],
    notes: bucket === undefined ? [`Put your bucket's name in the place of ${BUCKET[1]}.`] : [],
  };
}
