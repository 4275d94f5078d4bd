/**
 * Keeps the programs of `go run` and `go tool`, which go stores in its own cache, but gives to no helper
 * (cmd/go/internal/work/buildid.go): it asks for them all the same, and runs what it gets where it lies. Before go has the
 * answer to its close they are in its work folder.
 */
import type { LocalEntry } from "../buildcache/entry.ts";
import type { LocalCache } from "../buildcache/local-cache.ts";
import type { LookupLog } from "../buildcache/lookup-log.ts";
import { BuiltProgram } from "../gowork/built-program.ts";
import { listPrograms, type ProgramFile } from "../gowork/work-folders.ts";
import type { Counters } from "../lib/counters.ts";
import { DEBUG_BITS, type Logger } from "../lib/logger.ts";
import { describeError } from "../lib/text/describe-error.ts";
import { mayEndWithGo } from "./remote/machine-life.ts";

/** go waits; linking takes a tenth of a second and more. */
const LIMIT_MS = 2_000;

export interface KeepOptions {
  env: Record<string, string | undefined>;
  lookups: LookupLog;
  local: LocalCache;
  /** Uploads an entry. */
  share: (entry: LocalEntry) => void;
  counters: Counters;
  log: Logger;
}

/** Keeps the programs that this session has missed, as far as there is time. Never throws. */
export function keepPrograms(options: KeepOptions): void {
  const deadline = performance.now() + LIMIT_MS;
  for (const file of listPrograms(options.env)) {
    try {
      const entry = keep(file, options, deadline);
      // A machine that stays has it: the next use there shares it. Most programs are changed before they are run again.
      if (entry !== undefined && mayEndWithGo(options.env)) options.share(entry);
    } catch (error) {
      options.log.debug(DEBUG_BITS.build, () => `${file.path} is not kept: ${describeError(error)}`);
    }
  }
}

/** `undefined`: it is none that this session has missed, or is not whole. */
function keep(
  { path, name }: ProgramFile,
  { lookups, local, counters, log }: KeepOptions,
  deadline: number,
): LocalEntry | undefined {
  using program = BuiltProgram.open(path);
  for (const id of program?.buildIds ?? []) {
    const actionId = lookups.findMiss(id.actionStart);
    if (program === undefined || actionId === undefined) continue;
    const output = local.createOutput("", name);
    const sha256 = new Bun.CryptoHasher("sha256");
    const write = (bytes: Uint8Array) => {
      sha256.update(bytes);
      output.write(bytes);
    };
    try {
      if (!program.copy(id, write, deadline)) continue;
      const record = { outputId: sha256.digest("hex"), sizeBytes: program.sizeBytes };
      output.commit(record.outputId);
      // Without its name a program is linked again, as before.
      if (local.findOutput(record.outputId)?.executable !== name) continue;
      local.putRecord(actionId, record);
      lookups.compiledAt(actionId, program.modifiedMs);
      counters.add("put_programs");
      log.debug(DEBUG_BITS.build, () => `kept ${name} of ${actionId}: output ${record.outputId}`);
      return local.get(actionId);
    } finally {
      output.discard();
    }
  }
  return undefined;
}
