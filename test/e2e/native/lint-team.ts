/** Machines that run a linter with its own cache over a module with mistakes. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../../support/eventually.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { mistakenModule } from "../../support/go-project.ts";
import { type GoMachine, goEnv } from "../../support/go-toolchain.ts";
import { type Outcome, run } from "../../support/process.ts";
import { LINTER_GO } from "../../support/tools.ts";
import { NativeTeam } from "./native-team.ts";

/** A run of the linter, and the names of the files that it and go have added to their caches. */
interface Linted {
  outcome: Outcome;
  news: { linter: string[]; go: string[] };
}

export const NOTHING_NEW = { linter: [], go: [] };

export class LintTeam extends NativeTeam {
  readonly project: string;
  readonly argv: string[];
  readonly #name: string;

  constructor(dir: string, { name, argv }: { name: string; argv: string[] }) {
    super(join(dir, "team"));
    this.project = mistakenModule(join(dir, "project"));
    this.argv = argv;
    this.#name = name;
  }

  override newMachine(): GoMachine {
    return super.newMachine(LINTER_GO);
  }

  /** The linter's own cache. */
  cacheOf({ gocache }: GoMachine): string {
    return `${gocache}-${this.#name}`;
  }

  async lint(machine: GoMachine): Promise<Linted> {
    const files = () => ({
      linter: filesBelow(this.cacheOf(machine)).filter(isEntry),
      go: filesBelow(machine.gocache).filter(isEntry),
    });
    const before = files();
    const outcome = await run(this.argv, { cwd: this.project, env: await goEnv(machine) });
    const after = files();
    const added = (kind: "linter" | "go") => after[kind].filter((name) => !before[kind].includes(name));
    return { outcome, news: { linter: added("linter"), go: added("go") } };
  }

  /** Returns when the background has ended. */
  async restoreInBackground(machine: GoMachine): Promise<void> {
    const { stdout } = await this.program(machine, this.project, ["restore", "--wait=false"]);
    const log = /log (\S+)\n$/.exec(stdout)?.[1] ?? "";
    await eventually("both caches", () => readFileSync(log, "utf8").includes(`${this.#name}: `));
  }
}

/** What was analysed or compiled for want of a file has that file then. */
function isEntry(name: string): boolean {
  return /^[0-9a-f]{2}[/][0-9a-f]{64}-[ad]$/.test(name);
}
