/** `go-cache-plugin init PLACE`: the configuration for one place, with the given values filled in. */
import { declareCommand } from "../command.ts";
import { writeStdout } from "../output.ts";
import { PLACES, recipeFor } from "../recipes/recipe-for.ts";

/** Prints a file to be saved, with comments about the remaining steps. */
export const initCommand = declareCommand({
  meta: { name: "init", description: `print the setup for ${PLACES.join(", ")}` },
  args: { place: { type: "positional", required: true, words: PLACES } },
  examples: [
    "go-cache-plugin init github --bucket=my-bucket --prefix=team --region=eu-central-1",
    "go-cache-plugin init gitlab --bucket=my-bucket --plugin=5930",
    "go-cache-plugin init shell --bucket=file:///mnt/shared/gocache >> ~/.profile",
  ],
  run: ({ args: { place }, flags, env }) => {
    const context = { program: process.execPath, directory: process.cwd() };
    writeStdout(recipeFor(place, flags, env, context));
    return 0;
  },
});
