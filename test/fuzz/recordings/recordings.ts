/** Bytes from the parsers' real peers. The real programs write them on each run, in a few seconds. */
import { NEWEST_GO } from "../../support/go-toolchain.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { type BuildFiles, recordBuilds } from "./builds.ts";
import { type HttpHeads, recordHeads } from "./heads.ts";
import { type LinkLines, recordLink } from "./link.ts";
import { type ModuleFiles, recordModules } from "./modules.ts";
import { recordS3, type S3Answers } from "./s3.ts";

export interface Recordings {
  builds: BuildFiles;
  link: LinkLines;
  s3: S3Answers;
  modules: ModuleFiles;
  heads: HttpHeads;
}

export async function makeRecordings(): Promise<Recordings> {
  await using dir = tempDir("recordings");
  const machine = { release: NEWEST_GO, gocache: dir.join("gocache") };
  const builds = await recordBuilds(dir, machine);
  const [link, s3, modules, heads] = await Promise.all([
    recordLink(dir, machine),
    recordS3(),
    recordModules(machine),
    recordHeads(dir, machine),
  ]);
  return { builds, link, s3, modules, heads };
}

/** Whole texts as bytes. */
export function toBytes(...texts: readonly string[]): Buffer[] {
  return texts.map((text) => Buffer.from(text));
}
