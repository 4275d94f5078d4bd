/** `go-cache-plugin init PLACE`: how to set it up there, with what was given filled in. */
import { defineCommand } from "citty";
import type { Call } from "../call.ts";
import { writeStdout } from "../output.ts";

/** Prints a file to be saved, with comments on what is left to do. */
export function initCommand(call: Call) {
  return defineCommand({
    meta: { name: "init", description: "Print the recipe for one place" },
    args: { place: { type: "positional", required: true } },
    run: async ({ args }) => {
      const { recipeFor } = await import("../recipes/recipe-for.ts");
      const context = { program: process.execPath, directory: process.cwd() };
      writeStdout(recipeFor(args.place, call.commandLine.flags, call.env, context));
    },
  });
}
