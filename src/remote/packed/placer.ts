import { expandFrame } from "../../lib/zstd.ts";
import type { LocalBuilds } from "../local-outputs.ts";
import { WrongBytesError } from "../wrong-bytes-error.ts";
import type { Entry } from "./entry.ts";
import type { WantedOutput } from "./wanted-output.ts";

/**
 * Expands an output's frame, checks it against its id and puts it on the local disk, then the records of the actions
 * that made it. Throws a `WrongBytesError` for other bytes, and what the disk says when it takes nothing.
 */
export function placeFrame(output: WantedOutput, frame: Uint8Array<ArrayBuffer>, local: LocalBuilds): void {
  const bytes = expandWanted(output, frame);
  const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  if (sha256 !== output.outputId) throw new WrongBytesError(output.outputId, sha256);
  const file = local.createOutput(output.outputId);
  try {
    file.write(bytes);
    file.commit();
  } catch (error) {
    file.discard();
    throw error;
  }
  recordActions(output.entries, local);
}

/** Records actions whose output is in place. */
export function recordActions(entries: Entry[], local: LocalBuilds): void {
  for (const { actionId, outputId, sizeBytes, putTimeMs } of entries) {
    local.putRecord(actionId, { outputId, sizeBytes }, putTimeMs);
  }
}

function expandWanted(output: WantedOutput, frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  try {
    return expandFrame(frame, output.sizeBytes);
  } catch (cause) {
    throw new WrongBytesError(output.outputId, "none, for its frame can't be expanded", { cause });
  }
}
