/** Machines that share the modules of one project through a bucket; the first one has them from an upstream. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseSumLine } from "../../../src/gomod/go-sum.ts";
import { hashModFile, hashOfFiles } from "../../../src/gomod/module-hash.ts";
import { escapeName } from "../../../src/gomod/module-path.ts";
import { listFiles } from "../../../src/lib/files/list-files.ts";
import { writeModule } from "../../support/go-project.ts";
import { type GoMachine, go, goRoot } from "../../support/go-toolchain.ts";
import { sha256Hex } from "../../support/ids.ts";
import { type ModuleUpstream, startModuleUpstream } from "../../support/modules/module-upstream.ts";
import { NativeTeam, succeeded } from "./native-team.ts";

export const USER = `module example.com/user

go 1.24

require (
	example.com/BigCo/Lib v0.1.0
	example.com/data/v2 v2.3.0
)

require example.com/leaf v1.0.0 // indirect
`;
const MAIN = `package main

import (
	"example.com/BigCo/Lib"
	"example.com/data/v2"
)

func main() { println(lib.Name, len(data.Text)) }
`;

/** Where the modules are in a module cache. */
export const LEAF = "example.com/leaf@v1.0.0";
export const LIB = "example.com/!big!co/!lib@v0.1.0";
export const DATA = "example.com/data/v2@v2.3.0";
export const ALL = [LIB, DATA, LEAF];

/** Only what is about modules, so that there is one line for them. */
export const ONLY = "--only=modules";

/** More than is ever held in memory at once; small when it is packed. */
export const LARGE_TEXT = "0123456789abcdef".repeat(40 << 16);

const SMALL_WHEN_PACKED = "0123456789abcdef".repeat(256 << 10);

/** A text that can't be packed to less than half its size. */
export function randomText(bytes: number): string {
  let text = "";
  for (let count = 0; text.length < bytes; count++) text += sha256Hex(String(count));
  return text.slice(0, bytes);
}

export class ModuleTeam extends NativeTeam implements AsyncDisposable {
  readonly upstream: ModuleUpstream;
  /** Needs three modules; see `ALL`. */
  readonly project: string;
  readonly #goBin: string;

  private constructor(dir: string, upstream: ModuleUpstream, goBin: string) {
    super(dir);
    this.upstream = upstream;
    this.#goBin = goBin;
    this.project = writeModule(join(dir, "user"), "example.com/user", { "go.mod": USER, "main.go": MAIN });
  }

  /** `text`: the largest file. The project has its go.sum. */
  static async open(dir: string, { text = SMALL_WHEN_PACKED }: { text?: string } = {}): Promise<ModuleTeam> {
    const upstream = await startModuleUpstream();
    await addModules(upstream, text);
    const team = new ModuleTeam(dir, upstream, join(await goRoot(), "bin"));
    const tidy = team.withModules(team.newMachine(), { GOPROXY: upstream.url });
    await succeeded(go(tidy, ["mod", "tidy"], { cwd: team.project }));
    return team;
  }

  /** A machine with an empty module cache, and no upstream unless `env` has one. */
  withModules(machine: GoMachine, env: Record<string, string> = {}): GoMachine {
    const GOMODCACHE = join(dirname(machine.gocache), "mod");
    const own = { GOMODCACHE, GOPROXY: "off", GOSUMDB: "off", GOTOOLCHAIN: "local" };
    const PATH = `${this.#goBin}:${process.env.PATH}`;
    return { ...machine, env: { ...machine.env, ...own, PATH, ...env } };
  }

  /** The same, without Go's runtime. */
  bareMachine(env: Record<string, string> = {}): GoMachine {
    return this.withModules(this.newMachine(), env);
  }

  /** A machine that has all modules, from the upstream. */
  async fullMachine(env: Record<string, string> = {}): Promise<GoMachine> {
    const machine = this.bareMachine({ GOPROXY: this.upstream.url, ...env });
    await succeeded(this.load(machine));
    return machine;
  }

  /** Lets go find all packages, with what it needs of their modules; it compiles nothing. */
  async load(on: GoMachine) {
    return await go(on, ["list", "-deps", "."], { cwd: this.project });
  }

  async command(on: GoMachine, [name = "", ...args]: string[], env: Record<string, string> = {}) {
    return await this.program(on, this.project, [name, ONLY, ...args], env);
  }

  /** What go takes as it is of the project's modules, and what of it is not as its go.sum says. */
  check(on: GoMachine): ModulesState {
    return checkModules(modcacheOf(on), readFileSync(join(this.project, "go.sum"), "utf8"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.upstream[Symbol.asyncDispose]();
  }
}

export const modcacheOf = ({ env }: GoMachine) => env?.GOMODCACHE ?? "";

/** The path of a file that go keeps of a module; `tree`: one of `ALL`. */
export function downloadFile(on: GoMachine, tree: string, kind: string): string {
  const [path, version] = tree.split("@");
  return join(modcacheOf(on), "cache", "download", path ?? "", "@v", `${version}.${kind}`);
}

async function addModules(upstream: ModuleUpstream, text: string): Promise<void> {
  await upstream.addModule({
    module: "example.com/leaf",
    version: "v1.0.0",
    files: { "leaf.go": "package leaf\n\nconst Name = `leaf`\n" },
  });
  await upstream.addModule({
    module: "example.com/BigCo/Lib",
    version: "v0.1.0",
    mod: "module example.com/BigCo/Lib\n\ngo 1.24\n\nrequire example.com/leaf v1.0.0\n",
    files: {
      "lib.go": "package lib\n\nimport `example.com/leaf`\n\nconst Name = leaf.Name\n",
      "testdata/Ä/large.txt": "x".repeat(200_000),
      "testdata/empty": "",
    },
  });
  await upstream.addModule({
    module: "example.com/data/v2",
    version: "v2.3.0",
    files: {
      "data.go": "package data\n\nimport _ `embed`\n\n//go:embed text\nvar Text string\n",
      text,
    },
  });
}

export interface ModulesState {
  /** Modules that go takes as they are: there is their folder, and its hash beside. */
  taken: Set<string>;
  /** Of these, and of go.mod files, what is not as go.sum says. */
  wrong: string[];
  /** Folders of processes that restore, or were killed. */
  unfinished: string[];
}

/** All modules as go.sum says. */
export const WHOLE: ModulesState = { taken: new Set(ALL), wrong: [], unfinished: [] };

export function unfinishedIn(modcache: string): string[] {
  const names = [modcache, join(modcache, "cache")].flatMap(listFiles);
  return names.filter((name) => name.startsWith("unfinished"));
}

function checkModules(modcache: string, goSum: string): ModulesState {
  const state: ModulesState = { taken: new Set(), wrong: [], unfinished: [] };
  const cache = join(modcache, "cache");
  state.unfinished = unfinishedIn(modcache);
  for (const line of goSum.split("\n")) {
    const sum = parseSumLine(line);
    if (sum === undefined) continue;
    const { path, version, isModFile, hash } = sum;
    const file = join(cache, "download", escapeName(path), "@v", escapeName(version));
    const tree = `${escapeName(path)}@${escapeName(version)}`;
    if (isModFile) {
      const mod = `${file}.mod`;
      if (existsSync(mod) && hashModFile(readFileSync(mod)) !== hash) state.wrong.push(mod);
    } else if (
      existsSync(join(modcache, tree)) &&
      existsSync(`${file}.ziphash`) &&
      !existsSync(`${file}.partial`)
    ) {
      state.taken.add(tree);
      const isRight = hashOfFolder(join(modcache, tree), `${path}@${version}`) === hash;
      if (!isRight || readFileSync(`${file}.ziphash`, "utf8") !== hash) state.wrong.push(tree);
    }
  }
  return state;
}

function hashOfFolder(folder: string, name: string): string {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  return hashOfFiles(
    files.map((file) => {
      const path = join(file.parentPath, file.name);
      return { name: `${name}${path.slice(folder.length)}`, sha256: sha256Hex(readFileSync(path)) };
    }),
  );
}
