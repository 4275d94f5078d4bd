import { expandFrame, expandFrameAside } from "../../../lib/bytes/zstd.ts";
import type { LocalBuilds } from "../../local-outputs.ts";
import { WrongBytesError } from "../../wrong-bytes-error.ts";
import type { PackedEntry } from "../format/entry.ts";
import type { WantedOutput } from "./wanted-output.ts";

/** The bytes of an output's frame. Throws a `WrongBytesError` for what is no frame of that size. */
export function expandOutput(output: WantedOutput, frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  try {
    return expandFrame(frame, output.sizeBytes);
  } catch (cause) {
    throw WrongBytesError.ofFrame(output.outputId, cause);
  }
}

/** The same on another thread. */
export async function expandOutputAside(output: WantedOutput, frame: Uint8Array<ArrayBuffer>) {
  try {
    return await expandFrameAside(frame, output.sizeBytes);
  } catch (cause) {
    throw WrongBytesError.ofFrame(output.outputId, cause);
  }
}

/**
 * Checks an output's bytes against its id and puts them on the local disk, then the records of the actions that made
 * it. Throws a `WrongBytesError` for other bytes, and what the disk says when it takes nothing.
 */
export function writeOutput(output: WantedOutput, bytes: Uint8Array, local: LocalBuilds): void {
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
export function recordActions(entries: PackedEntry[], local: LocalBuilds): void {
  for (const { actionId, outputId, sizeBytes, putTimeMs } of entries) {
    local.putRecord(actionId, { outputId, sizeBytes }, putTimeMs);
  }
}
