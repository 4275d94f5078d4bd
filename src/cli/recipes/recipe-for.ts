import { givenValues, isServed, type Variable } from "../given-values.ts";
import { type Environment, resolveSettings } from "../settings.ts";
import { UsageError } from "../usage-error.ts";
import { releaseOf } from "../version-line.ts";
import { buildkiteRecipe } from "./buildkite.ts";
import { circleciRecipe } from "./circleci.ts";
import { dockerRecipe } from "./docker.ts";
import { githubRecipe } from "./github.ts";
import { gitlabRecipe } from "./gitlab.ts";
import { credentialId, jenkinsRecipe } from "./jenkins.ts";
import type { Recipe } from "./recipe.ts";
import { shellRecipe } from "./shell.ts";

/** A place: what writes its file, and how a secret variable gets to go there. */
interface Place {
  write: (recipe: Recipe) => string;
  passSecret: (name: string) => string;
}

const PLACES: ReadonlyMap<string, Place> = new Map<string, Place>([
  [
    "github",
    {
      write: githubRecipe,
      passSecret: (name) => `make a secret of that name, and add to env: ${name}: \${{ secrets.${name} }}`,
    },
  ],
  ["gitlab", { write: gitlabRecipe, passSecret: () => "make a masked CI/CD variable of that name" }],
  [
    "buildkite",
    {
      write: buildkiteRecipe,
      passSecret: (name) =>
        `make a secret of that name; the agent reads it: buildkite-agent secret get ${name}`,
    },
  ],
  [
    "circleci",
    { write: circleciRecipe, passSecret: () => "make an environment variable of that name in a context" },
  ],
  [
    "jenkins",
    {
      write: jenkinsRecipe,
      passSecret: (name) =>
        `make a secret text of it, and add to environment: ${name} = credentials('${credentialId(name)}')`,
    },
  ],
  ["shell", { write: shellRecipe, passSecret: (name) => `export ${name} from where you keep secrets` }],
  [
    "docker",
    {
      write: dockerRecipe,
      passSecret: (name) =>
        `docker build --secret id=${name} … and RUN --mount=type=secret,id=${name},env=${name} go build …`,
    },
  ],
]);

const BUCKET: Variable = ["GOCACHE_S3_BUCKET", "my-bucket"];
const REGION = "eu-central-1";

/** The file for one place. What was not given is filled in with an example, and named in the notes at its top. */
export function recipeFor(place: string, flags: ReadonlyMap<string, string>, env: Environment): string {
  const found = PLACES.get(place);
  if (found === undefined) throw new UsageError(`"init" needs one of ${[...PLACES.keys()].join(", ")}`);
  return found.write(makeRecipe(flags, env, found));
}

function makeRecipe(flags: ReadonlyMap<string, string>, env: Environment, { passSecret }: Place): Recipe {
  const { bucket, endpointUrl, region, layout } = resolveSettings(flags, env);
  const given = givenValues(flags, env);
  const { variables, secrets } = given;
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
    variables: bucket === undefined ? [BUCKET, ...variables] : variables,
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
    notes: [
      ...(bucket === undefined ? [`Put your bucket's name in the place of ${BUCKET[1]}.`] : []),
      ...secrets.map((name) => `${name} holds a secret and is left out: ${passSecret(name)}.`),
      ...(secrets.includes("GOCACHE_SIGN_KEY")
        ? ["Only jobs that you trust may have GOCACHE_SIGN_KEY."]
        : []),
    ],
  };
}
