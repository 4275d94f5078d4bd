/** What a team builds: projects with packages, branches with a state of their own, and jobs that use part of it. */
import type { Random } from "../faults/random.ts";
import { sha256Hex } from "../support/ids.ts";

/** An action of a build, with its output. */
export interface Action {
  actionId: string;
  outputId: string;
  sizeBytes: number;
  /** Of the compressed output. */
  packedBytes: number;
}

/** Each action is made once. */
export class Actions {
  readonly #known = new Map<string, Action>();

  /** `output`: what the output depends on. */
  of(text: string, output: string): Action {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const outputId = sha256Hex(`output ${output}`);
    const packedBytes = 1024 << (Number.parseInt(outputId.slice(0, 4), 16) % 9);
    const action = { actionId: sha256Hex(text), outputId, sizeBytes: 3 * packedBytes, packedBytes };
    this.#known.set(text, action);
    return action;
  }

  /** Forgets all; they are made again when they are used. */
  clear(): void {
    this.#known.clear();
  }
}

export interface Branch {
  name: string;
  /** The version of each package. */
  versions: number[];
  isClosed: boolean;
  /** Versions that are not main's are its own. */
  changed: Map<number, string>;
}

export interface ProjectOptions {
  packages: number;
  /** Packages of the standard library that it uses. */
  library: number;
  jobs: readonly string[];
}

export class Project {
  readonly name: string;
  readonly options: ProjectOptions;
  readonly main: Branch;
  readonly #actions: Actions;
  #pulls = 0;
  #versions = 0;

  constructor(name: string, options: ProjectOptions, actions: Actions) {
    this.name = name;
    this.options = options;
    this.#actions = actions;
    const versions = Array.from({ length: options.packages }, () => 0);
    this.main = { name: "main", versions, isClosed: false, changed: new Map() };
  }

  /** A new pull request. */
  open(): Branch {
    const { versions } = this.main;
    return { name: `pr-${++this.#pulls}`, versions: [...versions], isClosed: false, changed: new Map() };
  }

  /** Changes this share of the packages. */
  commit(branch: Branch, random: Random, share: number): void {
    const count = Math.max(1, Math.round(share * branch.versions.length * 2 * random()));
    for (let n = 0; n < count; n++)
      branch.versions[Math.floor(random() * branch.versions.length)] = ++this.#versions;
  }

  merge(branch: Branch): void {
    branch.versions.forEach((version, at) => {
      this.main.versions[at] = Math.max(version, this.main.versions[at] ?? 0);
    });
    branch.isClosed = true;
  }

  /** What a job of this branch needs now. `machine` of `machines`: its part, which overlaps with that of the others. */
  needed(branch: Branch, job: string, machine = 0, machines = 1): Action[] {
    const found: Action[] = [];
    for (let at = 0; at < this.options.library; at++) {
      if (isUsed(`${this.name} ${at}`, 0.8)) found.push(this.#actions.of(`library ${at}`, `library ${at}`));
    }
    branch.versions.forEach((version, at) => {
      if (!isUsed(`${this.name} ${job} ${at}`, 0.85)) return;
      if (machines > 1 && !isUsed(`${at}`, 0.2) && at % machines !== machine) return;
      const name = `${this.name} ${at} ${version}`;
      // Some changes leave an output as it was.
      found.push(this.#actions.of(name, isUsed(name, 0.1) ? `${this.name} ${at}` : name));
      if (isUsed(`${at}`, 0.3)) found.push(this.#actions.of(`${name} ${job}`, `${name} ${job}`));
    });
    return found;
  }
}

/** The same for the same text, always. */
function isUsed(text: string, share: number): boolean {
  return Bun.hash.xxHash32(text) / 2 ** 32 < share;
}
