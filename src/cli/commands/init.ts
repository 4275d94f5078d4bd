/** `go-cache-plugin init PLACE`: the configuration for one place, with the given values filled in. */
import { declareCommand } from "../command.ts";
import { parseChoice } from "../options/values.ts";
import { writeStdout } from "../output.ts";
import { PLACES, recipeFor } from "../recipes/recipe-for.ts";
import { MODES } from "../recipes/recipe-mode.ts";

/** Prints a file to be saved, with comments about the remaining steps. */
export const initCommand = declareCommand({
  meta: { name: "init", group: "use", description: `print the setup for ${PLACES.join(", ")}` },
  args: { place: { type: "positional", required: true, words: PLACES } },
  options: {
    mode: {
      flag: "mode",
      placeholder: "MODE",
      default: "auto",
      meaning:
        "how go uses the cache: native (restore and save, with go's own cache), direct (GOCACHEPROG), server (GOCACHEPROG and one server); auto: native in a CI, direct elsewhere, server if an option needs one",
      parse: parseChoice<(typeof MODES)[number]>(...MODES),
    },
  },
  examples: [
    "go-cache-plugin init github --bucket=my-bucket --prefix=team --region=eu-central-1",
    "go-cache-plugin init gitlab --bucket=my-bucket --mode=direct",
    "go-cache-plugin init gitlab --bucket=my-bucket --plugin=5930",
    "go-cache-plugin init shell --bucket=file:///mnt/shared/gocache >> ~/.profile",
  ],
  run: ({ args: { place }, options: { mode }, flags, env }) => {
    const context = { program: process.execPath, directory: process.cwd(), mode };
    writeStdout(recipeFor(place, flags, env, context));
    return 0;
  },
});
