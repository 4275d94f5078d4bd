/** An upstream with a release of go that any go switches to, and machines whose project wants it. */
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { hashZip } from "../../../src/gomod/zip/expand-zip.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { writeModule } from "../../support/go-project.ts";
import { type GoMachine, go, pathWithGo } from "../../support/go-toolchain.ts";
import { makeZip } from "../../support/modules/make-zip.ts";
import { type ModuleUpstream, startModuleUpstream } from "../../support/modules/module-upstream.ts";
import { modcacheOf } from "./module-team.ts";
import type { NativeTeam } from "./native-team.ts";

export const RELEASE = { path: "golang.org/toolchain", version: "v0.0.1-go1.99.0.linux-amd64" };
/** Where it is in a module cache. */
export const TREE = `${RELEASE.path}@${RELEASE.version}`;
export const DOWNLOAD = `cache/download/${RELEASE.path}/@v/${RELEASE.version}`;
/** What its `go version` prints. */
export const ANSWER = "release 1.99 got: version\n";

const HASH = `h1:${"A".repeat(43)}=`;
/** So that its proof takes more than one tile. */
const OTHERS = 300;
/** It answers `go env` as the go that starts it. */
const BIN_GO = `#!/bin/sh
unset GOTOOLCHAIN_INTERNAL_SWITCH_VERSION GOROOT
if [ "$1" = env ]; then GOTOOLCHAIN=local exec go "$@"; fi
echo "release 1.99 got: $*"
`;

export class ReleaseStage implements AsyncDisposable {
  readonly upstream: ModuleUpstream;
  readonly project: string;

  private constructor(upstream: ModuleUpstream, project: string) {
    this.upstream = upstream;
    this.project = project;
  }

  static async open(dir: string): Promise<ReleaseStage> {
    const upstream = await startModuleUpstream();
    for (let n = 0; n < OTHERS; n++) {
      const other = { module: `example.com/m${n}`, version: "v1.0.0", zip: HASH, mod: HASH };
      upstream.sumdb.add(`example.com/m${n}@v1.0.0`, other);
      if (n === 7) await addRelease(dir, upstream);
    }
    const project = writeModule(join(dir, "project"), "example.com/user", {
      "go.mod": "module example.com/user\n\ngo 1.99.0\n",
    });
    return new ReleaseStage(upstream, project);
  }

  /** A machine with one release of go, empty caches, and no upstream unless `env` has one. */
  async machine(team: NativeTeam, installed: string, env: Record<string, string> = {}): Promise<GoMachine> {
    const made = team.newMachine();
    const home = dirname(made.gocache);
    const own = {
      PATH: await pathWithGo(installed),
      HOME: home,
      GOPATH: join(home, "go"),
      GOMODCACHE: join(home, "mod"),
      GOPROXY: "off",
      GOSUMDB: this.upstream.sumdb.key,
      GOTOOLCHAIN: "auto",
    };
    return { ...made, env: { ...made.env, ...own, ...env } };
  }

  /** What `go version` prints in the project. */
  async version(on: GoMachine): Promise<string> {
    const { stdout, stderr } = await go(on, ["version"], { cwd: this.project });
    return stdout || stderr;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.upstream[Symbol.asyncDispose]();
  }
}

/** The files of the module cache with their modes, but for what only a download leaves. */
export function contentOf(on: GoMachine): [string, number][] {
  const modcache = modcacheOf(on);
  const left = /[.](?:lock|zip)$|^cache[/]lock$/;
  return filesBelow(modcache)
    .filter((name) => !left.test(name))
    .map((name) => [name, statSync(join(modcache, name)).mode]);
}

async function addRelease(dir: string, { files, sumdb }: ModuleUpstream): Promise<void> {
  const inRelease = {
    VERSION: "go1.99.0\n",
    "bin/go": BIN_GO,
    "bin/gofmt": "#!/bin/sh\n",
    "lib/wasm/go_js_wasm_exec": "#!/bin/sh\n",
    "pkg/tool/linux_amd64/compile": "#!/bin/sh\n",
    "src/_go.mod": "module std\n",
    "src/cmd/_go.mod": "module cmd\n",
    // More than is ever held in memory at once.
    "src/large.go": `package std\n\nconst large = "${"0123456789abcdef".repeat(40 << 16)}"\n`,
  };
  const zip = makeZip(
    Object.fromEntries(Object.entries(inRelease).map(([name, text]) => [`${TREE}/${name}`, text])),
  );
  files.set(`${RELEASE.path}/@v/${RELEASE.version}.zip`, zip);
  const path = join(dir, "release.zip");
  await Bun.write(path, zip);
  sumdb.add(TREE, { module: RELEASE.path, version: RELEASE.version, zip: await hashZip(path), mod: HASH });
}
