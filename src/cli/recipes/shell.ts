import { dirname } from "node:path";
import { exportLine, goWord } from "../text/quote.ts";
import { indented, type Recipe } from "./recipe.ts";

/** Lines for the start of a shell. */
export function shellRecipe(recipe: Recipe): string {
  const { variables, mode, store, notes, install, program, goproxy } = recipe;
  const isServed = mode === "server";
  // An absolute path: an editor or cron may have another PATH, and go fails if it does not find the program.
  const word = goWord(program);
  const lines = [["GOCACHEPROG", isServed ? `${word} connect --fallback` : word] as const, ...variables];
  return `# Lines for ~/.profile, made by "go-cache-plugin init shell". To build without it: unset GOCACHEPROG
# On another machine install it at the same path first:
${indented(
  0,
  install.map((line) => `#   ${line.replace("/usr/local/bin", dirname(program))}`),
)}${indented(
  0,
  notes.map((note) => `# ${note}`),
)}${lines.map(([name, value]) => exportLine("sh", name, value)).join("")}${
  goproxy === undefined ? "" : proxyLines(goproxy)
}${
  isServed ? `# Once per session:\n#   ${word} serve --detach\n` : ""
}${store === "directory" ? "" : "# Credentials come from the same places as for the AWS tools.\n"}# To check the setup: ${word} doctor
`;
}

/** Sets GOPROXY once, even if the file is read again. */
function proxyLines(goproxy: string): string {
  const own = goproxy.slice(0, goproxy.indexOf("|"));
  return `case $(go env GOPROXY) in
  ${own}*) ;;
  *) GOPROXY="${goproxy}"; export GOPROXY ;;
esac
`;
}
