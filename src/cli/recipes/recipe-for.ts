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
import type { MODES, Mode } from "./recipe-mode.ts";
import { recipeServer } from "./recipe-server.ts";
import { shellRecipe } from "./shell.ts";

/** A place: the writer of its file, and how to pass it a secret variable. */
interface Place {
  write: (recipe: Recipe) => string;
  passSecret: (name: string) => string;
}

const WRITERS: ReadonlyMap<string, Place> = new Map<string, Place>([
  [
    "github",
    {
      write: githubRecipe,
      passSecret: (name) => `create a secret of that name, and add to env: ${name}: \${{ secrets.${name} }}`,
    },
  ],
  ["gitlab", { write: gitlabRecipe, passSecret: () => "create a masked CI/CD variable of that name" }],
  [
    "buildkite",
    {
      write: buildkiteRecipe,
      passSecret: (name) =>
        `create a secret of that name; the agent reads it: buildkite-agent secret get ${name}`,
    },
  ],
  [
    "circleci",
    { write: circleciRecipe, passSecret: () => "create an environment variable of that name in a context" },
  ],
  [
    "jenkins",
    {
      write: jenkinsRecipe,
      passSecret: (name) =>
        `create a secret text for it, and add to environment: ${name} = credentials('${credentialId(name)}')`,
    },
  ],
  ["shell", { write: shellRecipe, passSecret: (name) => `export ${name} from your secret store` }],
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

/** GOCACHEPROG's value, if go is to have it. */
const CACHEPROG: Record<Mode, string[]> = {
  native: [],
  direct: ["go-cache-plugin"],
  server: ["go-cache-plugin connect --fallback"],
};

/** The facts about this machine that recipes use. */
export interface RecipeContext {
  /** The absolute path of the program. */
  program: string;
  /** The checkout. */
  directory: string;
  mode?: (typeof MODES)[number];
}

/** The file for one place. Missing values become examples, which the notes at its top name. */
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
    ? ["Give GOCACHE_SIGN_KEY to trusted jobs only."]
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
  mode?: (typeof MODES)[number];
}): Recipe {
  const { place, settings, env, program, directory } = options;
  const { bucket, endpointUrl, region } = settings;
  const { mode, goproxy, ...server } = recipeServer(place, options.mode ?? "auto", settings, env);
  const variables = [...options.variables, ...server.variables];
  const store = bucket?.kind === "directory" ? "directory" : endpointUrl === undefined ? "aws" : "s3";
  const release = releaseOf();
  return {
    ...release,
    store,
    region: region ?? env.AWS_REGION ?? REGION,
    mode,
    goproxy,
    needsModuleCache: mode !== "native" && goproxy === undefined,
    goVersion: goImageVersion(directory),
    program,
    cacheprog: CACHEPROG[mode].map((value) => ["GOCACHEPROG", value]),
    variables: bucket === undefined ? [BUCKET, ...variables] : variables,
    ...commandsOf(mode, settings),
    install: [
      `curl -fsSL -o /tmp/install.sh https://github.com/${release.repository}/releases/download/${release.tag}/install.sh`,
      `sh /tmp/install.sh --version ${release.tag} --to /usr/local/bin`,
    ],
    notes: [
      ...(bucket === undefined ? [`Replace ${BUCKET[1]} with your bucket's name.`] : []),
      ...(place === "shell" ? [] : loopbackNotes(endpointUrl)),
    ],
  };
}

/** `restore` sets the file times itself. */
function commandsOf(mode: Mode, { layout }: Settings): Pick<Recipe, "start" | "finish"> {
  const mtimes = "go-cache-plugin mtimes";
  const stats = "go-cache-plugin stats";
  if (mode === "native")
    return { start: ["go-cache-plugin restore"], finish: ["go-cache-plugin save", stats] };
  if (mode === "server")
    return {
      start: [mtimes, "go-cache-plugin serve --detach"],
      finish: ["go-cache-plugin serve --stop", stats],
    };
  const prefetch = layout === "split" ? [] : ["go-cache-plugin prefetch"];
  return { start: [mtimes, ...prefetch], finish: [stats] };
}

/** A note about a name such as `localhost`, which means the job itself. */
function loopbackNotes(endpointUrl: string | undefined): string[] {
  if (endpointUrl === undefined || !isLoopbackHost(new URL(endpointUrl).hostname)) return [];
  return [
    `${endpointUrl} is the job's own machine or container: replace it with an address that the job can reach.`,
  ];
}
