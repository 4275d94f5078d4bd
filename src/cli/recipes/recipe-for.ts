import { isLoopbackHost } from "../../lib/network/loopback-host.ts";
import { givenValues, type Variable } from "../options/given-values.ts";
import type { Settings } from "../options/options.ts";
import { type Environment, resolveSettings } from "../options/settings.ts";
import { releaseOf } from "../text/version-line.ts";
import { UsageError } from "../usage-error.ts";
import { buildkiteRecipe } from "./buildkite.ts";
import { circleciRecipe } from "./circleci.ts";
import { dockerRecipe } from "./docker.ts";
import { githubRecipe } from "./github.ts";
import { gitlabRecipe } from "./gitlab.ts";
import { goImageVersion } from "./go-version.ts";
import { credentialId, jenkinsRecipe } from "./jenkins.ts";
import type { Recipe } from "./recipe.ts";
import { recipeServer } from "./recipe-server.ts";
import { shellRecipe } from "./shell.ts";

/** A place: what writes its file, and how a secret variable gets to go there. */
interface Place {
  write: (recipe: Recipe) => string;
  passSecret: (name: string) => string;
}

const WRITERS: ReadonlyMap<string, Place> = new Map<string, Place>([
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

/** The places by name. */
export const PLACES: readonly string[] = [...WRITERS.keys()];

const BUCKET: Variable = ["GOCACHE_S3_BUCKET", "my-bucket"];
const REGION = "eu-central-1";

/** What recipes take from the machine that they are made on. */
export interface RecipeContext {
  /** The absolute path of the program. */
  program: string;
  /** The checkout. */
  directory: string;
}

/** The file for one place. What was not given is filled in with an example, and named in the notes at its top. */
export function recipeFor(
  place: string,
  flags: ReadonlyMap<string, string>,
  env: Environment,
  context: RecipeContext,
): string {
  const found = WRITERS.get(place);
  if (found === undefined) throw new UsageError(`"init" needs one of ${PLACES.join(", ")}`);
  const { variables, secrets } = givenValues(flags, env);
  const recipe = makeRecipe({ place, variables, settings: resolveSettings(flags, env), env, ...context });
  const secretNotes = secrets.map(
    (name) => `${name} holds a secret and is left out: ${found.passSecret(name)}.`,
  );
  const trustNotes = secrets.includes("GOCACHE_SIGN_KEY")
    ? ["Only jobs that you trust may have GOCACHE_SIGN_KEY."]
    : [];
  return found.write({ ...recipe, notes: [...recipe.notes, ...secretNotes, ...trustNotes] });
}

function makeRecipe(options: {
  place: string;
  variables: readonly Variable[];
  settings: Settings;
  env: Environment;
  program: string;
  directory: string;
}): Recipe {
  const { place, settings, env, program, directory } = options;
  const { bucket, endpointUrl, region, layout } = settings;
  const server = recipeServer(place, settings, env);
  const variables = [...options.variables, ...server.variables];
  const store = bucket?.kind === "directory" ? "directory" : endpointUrl === undefined ? "aws" : "s3";
  const release = releaseOf();
  const prefetch = layout === "split" ? [] : ["go-cache-plugin prefetch"];
  return {
    ...release,
    store,
    region: region ?? env.AWS_REGION ?? REGION,
    isServed: server.isServed,
    goproxy: server.goproxy,
    goVersion: goImageVersion(directory),
    program,
    cacheprog: server.isServed ? "go-cache-plugin connect --fallback" : "go-cache-plugin",
    variables: bucket === undefined ? [BUCKET, ...variables] : variables,
    start: server.isServed ? ["go-cache-plugin serve --detach"] : prefetch,
    finish: [...(server.isServed ? ["go-cache-plugin serve --stop"] : []), "go-cache-plugin stats"],
    install: [
      `curl -fsSL -o /tmp/install.sh https://github.com/${release.repository}/releases/download/${release.tag}/install.sh`,
      `sh /tmp/install.sh --version ${release.tag} --to /usr/local/bin`,
    ],
    notes: [
      ...(bucket === undefined ? [`Put your bucket's name in the place of ${BUCKET[1]}.`] : []),
      ...(place === "shell" ? [] : loopbackNotes(endpointUrl)),
    ],
  };
}

/** What a name such as `localhost` means to a job. */
function loopbackNotes(endpointUrl: string | undefined): string[] {
  if (endpointUrl === undefined || !isLoopbackHost(new URL(endpointUrl).hostname)) return [];
  return [
    `${endpointUrl} is the job's own machine or container: put an address there that the job can reach.`,
  ];
}
