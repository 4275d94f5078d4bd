/** Programs of other formats than this machine's, as cmd/go links them. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { basename, join } from "node:path";
import { countLinks, succeeded } from "../e2e/native/native-team.ts";
import { cgoModule, chainModule } from "../support/go-project.ts";
import { GO_RELEASES, type GoRelease, go } from "../support/go-toolchain.ts";
import { type Machine, newMachine } from "../support/machine.ts";
import { settled } from "../support/settled.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(600_000);

let dir: TempDir;

beforeAll(() => {
  dir = tempDir("foreign-programs");
});
afterAll(() => dir[Symbol.dispose]());

/** Lets `echo` say what would be run. */
async function runs(machine: Machine, cwd: string, flags: string[] = []) {
  const ran = await succeeded(go(machine, ["run", "-x", "-exec=echo", ...flags, "."], { cwd }));
  await settled(machine);
  const path = ran.stdout.trimEnd();
  const isCached = path.startsWith(join(machine.cacheDir, "program"));
  return { links: countLinks(ran), name: basename(path), isCached };
}

const PLATFORMS = [
  "darwin/arm64",
  "darwin/amd64",
  "windows/amd64",
  "linux/386",
  "linux/s390x",
  "freebsd/arm64",
  "wasip1/wasm",
];
const OLDEST = GO_RELEASES[0];
const NEWEST = GO_RELEASES[GO_RELEASES.length - 1] as GoRelease;

test.each([OLDEST, NEWEST].flatMap((release) => PLATFORMS.map((platform) => [release, platform] as const)))(
  "go %s links a program for %s once",
  async (release, platform) => {
    const cwd = chainModule(dir.join("module"), { name: "foreign", count: 1 });
    const [GOOS = "", GOARCH = ""] = platform.split("/");
    const machine = newMachine(dir.join(release, platform), { release, env: { GOOS, GOARCH } });
    const name = GOOS === "windows" ? "foreign.exe" : "foreign";
    expect(await runs(machine, cwd)).toEqual({ links: 1, name, isCached: false });
    expect(await runs(machine, cwd)).toEqual({ links: 0, name, isCached: true });
  },
);

test.each(["internal", "external"])(
  "a program with C code is linked once, with the %s linker",
  async (mode) => {
    const machine = newMachine(dir.join(mode), { env: { CGO_ENABLED: "1" } });
    const cwd = cgoModule(dir.join("cgo"));
    const flags = [`-ldflags=-linkmode=${mode}`];
    expect(await runs(machine, cwd, flags)).toEqual({ links: 1, name: "cgo", isCached: false });
    expect(await runs(machine, cwd, flags)).toEqual({ links: 0, name: "cgo", isCached: true });
  },
);
