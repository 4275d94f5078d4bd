/**
 * `bun test/support/prepare.ts [all]`: fetches the go releases and builds the tools that the tests of `npm test` need,
 * or with `all` those of `npm run test:all`, once per machine. It runs before the tests, for it takes
 * minutes, and a release that was unpacked a moment ago behaves differently: go does not index packages with very
 * new files.
 */
import { goInstall } from "./go-install.ts";
import { GO_RELEASES, goRoot, OLD_GO, OLDEST_GO } from "./go-toolchain.ts";
import { installClients } from "./install-clients.ts";
import { freeMemory } from "./memory-dir.ts";
import { provideShell } from "./shells.ts";
import { LONG_TOOLS, TOOLS } from "./tools.ts";
import { prepareWarmMachines } from "./warm-machine.ts";

async function main([suite, ...others]: string[]): Promise<void> {
  if ((suite !== undefined && suite !== "all") || others.length > 0)
    throw new Error(`unknown argument ${[suite, ...others].join(" ")}; there is only: all`);
  if (process.getuid?.() !== 0)
    console.error("without root, tests fail that mount disks or act as another user");
  const tools = suite === "all" ? [...TOOLS, ...LONG_TOOLS] : TOOLS;
  freeMemory();
  // Packages of the system, mostly limited by the network, while the processors compile.
  const outcomes = await Promise.allSettled([prepareSystem(), prepareGo(tools)]);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

async function prepareSystem(): Promise<void> {
  await timed("programs of the system", installClients);
  for (const shell of ["zsh", "fish"] as const) await timed(shell, () => provideShell(shell));
}

/** One tool after the other: go compiles on all processors, and two at once would compile the same packages twice. */
async function prepareGo(tools: typeof TOOLS): Promise<void> {
  await Promise.all(
    [...GO_RELEASES, OLD_GO, OLDEST_GO].map((release) => timed(`go ${release}`, () => goRoot(release))),
  );
  for (const tool of tools) await timed(`${tool.pkg}@${tool.version}`, () => goInstall(tool));
  await timed("machines that begin with Go's runtime", prepareWarmMachines);
}

/** Prints the steps that took long. */
async function timed(what: string, step: () => Promise<unknown>): Promise<void> {
  const startedMs = performance.now();
  await step();
  const seconds = (performance.now() - startedMs) / 1000;
  if (seconds >= 1) console.log(`prepared ${what} in ${seconds.toFixed(1)} s`);
}

await main(Bun.argv.slice(2));
