import { exportLine } from "../quote.ts";
import { indented, type Recipe } from "./recipe.ts";

/** Lines for the start of a shell. */
export function shellRecipe({ variables, isServed, store, notes, install }: Recipe): string {
  const cacheprog = isServed ? "go-cache-plugin connect --fallback" : "go-cache-plugin";
  const lines = [["GOCACHEPROG", cacheprog] as const, ...variables];
  return `# Lines for ~/.profile, made by "go-cache-plugin init shell".
# To install the program:
${indented(
  0,
  install.map((line) => `#   ${line}`),
)}${indented(
  0,
  notes.map((note) => `# ${note}`),
)}${lines.map(([name, value]) => exportLine("sh", name, value)).join("")}${
  isServed ? "# Once a session:\n#   go-cache-plugin serve --detach\n" : ""
}${store === "directory" ? "" : "# Credentials are found as the AWS tools find them.\n"}# Then look: go-cache-plugin inspect
`;
}
