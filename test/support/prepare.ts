/**
 * `bun test/support/prepare.ts`: fetches the go releases and builds the tools that tests need, once a machine. Before
 * the tests and not within them, for it takes minutes, and a release that was unpacked a moment ago behaves
 * differently: go does not index packages whose files look just made.
 */
import { goInstall } from "./go-install.ts";
import { GO_RELEASES, go, NEWEST_GO, OLD_GO } from "./go-toolchain.ts";
import { installClients } from "./install-clients.ts";
import { provideShell } from "./shells.ts";
import { tempDir } from "./temp-dir.ts";
import { ACTIONLINT, GOLANGCI_LINT, PROM2JSON, STATICCHECK, VERSITYGW } from "./tools.ts";

await installClients();
await using dir = tempDir("prepare");
for (const release of [...GO_RELEASES, OLD_GO]) {
  const machine = { release: NEWEST_GO, gocache: dir.join("cache"), env: { GOTOOLCHAIN: `go${release}` } };
  const outcome = await go(machine, ["version"], { cwd: dir.path });
  if (outcome.exitCode !== 0) throw new Error(`go ${release} can't be fetched: ${outcome.stderr}`);
}
for (const tool of [VERSITYGW, STATICCHECK, GOLANGCI_LINT, PROM2JSON, ACTIONLINT]) await goInstall(tool);
for (const shell of ["zsh", "fish"] as const) await provideShell(shell);
