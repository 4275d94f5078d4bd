/** Runs the few instructions of a Dockerfile that `init docker` uses, in a bare file system. */
import { cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { type BareRoot, runInRoot } from "../../support/bare-root.ts";
import type { Outcome } from "../../support/process.ts";

export interface DockerBuildOptions {
  /** The image of the first `FROM`. */
  stage: BareRoot;
  /** The build context. */
  context: string;
  /** The directory for the last stage, `FROM scratch`. */
  image: string;
  /** The builder's cache between builds. */
  cache: string;
  /** The values of `--secret id=NAME,env=NAME`. */
  secrets: Record<string, string>;
}

/** Returns the outcome of each `RUN`; the build ends with the first failure. Throws for a `COPY` of a missing file. */
export async function dockerBuild(dockerfile: string, options: DockerBuildOptions): Promise<Outcome[]> {
  const { stage, image } = options;
  const outcomes: Outcome[] = [];
  const env = { ...stage.env };
  let cwd = "/";
  for (const [word = "", rest = ""] of instructions(dockerfile)) {
    if (word === "ENV") Object.assign(env, Object.fromEntries(assignments(rest)));
    else if (word === "WORKDIR") {
      cwd = rest;
      mkdirSync(join(stage.path, cwd), { recursive: true });
    } else if (word === "COPY") copy(rest.split(" "), join(stage.path, cwd), options);
    else if (word === "RUN") {
      const { script, mounts, secrets } = takeMounts(rest, options);
      const root = { ...stage, mounts: { ...stage.mounts, ...mounts }, env: { ...env, ...secrets } };
      outcomes.push(await runInRoot(root, ["sh", "-c", `cd '${cwd}' && ${script}`]));
      if (outcomes.at(-1)?.exitCode !== 0) break;
    } else if (word !== "FROM") throw new Error(`this test does not support ${word}`);
    else if (rest === "scratch") mkdirSync(image);
  }
  return outcomes;
}

/** One instruction per row, its word and its arguments, without comments. */
function instructions(dockerfile: string): string[][] {
  const lines = dockerfile
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n");
  return lines
    .filter((line) => line !== "")
    .map((line) => [line.replace(/ .*/s, ""), line.replace(/^\w+ /, "")]);
}

function assignments(text: string): string[][] {
  const found = text.matchAll(/(\w+)=(?:"((?:[^"\\]|\\.)*)"|(\S+))/g);
  return Array.from(found, ([, name = "", quoted, plain = ""]) => [
    name,
    quoted?.replaceAll(/\\(.)/g, "$1") ?? plain,
  ]);
}

function copy(words: string[], workDir: string, { stage, context, image }: DockerBuildOptions): void {
  const to = words.at(-1) ?? "";
  if (words[0] === "--from=build") {
    const [, from = ""] = words;
    // Files that the stage shares with this machine are not below its directory.
    const found = [join(stage.path, from), from].find(existsSync);
    if (found === undefined) throw new Error(`COPY: there is no ${from}`);
    cpSync(found, join(image, to, from.endsWith("/") ? "" : basename(from)), { recursive: true });
    return;
  }
  for (const pattern of words.slice(0, -1)) {
    if (pattern === ".") cpSync(context, workDir, { recursive: true });
    else {
      const names = readdirSync(context).filter((name) => new Bun.Glob(pattern).match(name));
      if (names.length === 0) throw new Error(`COPY: there is no ${pattern}`);
      for (const name of names) cpSync(join(context, name), join(workDir, to, name));
    }
  }
}

/** `RUN` without its flags, and the mounts and variables of the flags. */
function takeMounts(text: string, { cache, secrets }: DockerBuildOptions) {
  const flags = Array.from(text.matchAll(/--mount=(\S+) /g), ([, fields = ""]) =>
    Object.fromEntries(fields.split(",").map((field) => field.split("="))),
  );
  const kept = flags.filter(({ type }) => type === "cache").map(({ target }) => [cache, target.slice(1)]);
  const known = flags.filter(({ type, env }) => type === "secret" && env !== undefined);
  return {
    script: text.replaceAll(/--mount=\S+ /g, ""),
    mounts: Object.fromEntries(kept) as Record<string, string>,
    // Docker passes an empty value if the variable is not set.
    secrets: Object.fromEntries(known.map(({ env }) => [env, secrets[env] ?? ""])) as Record<string, string>,
  };
}
