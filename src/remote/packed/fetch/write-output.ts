import { expandFrame, expandFrameAside } from "../../../lib/bytes/zstd.ts";
import type { LocalBuilds } from "../../local-outputs.ts";
import { WrongBytesError } from "../../wrong-bytes-error.ts";
import type { PackedEntry } from "../format/entry.ts";
import type { WantedOutput } from "./wanted-output.ts";

/** Expands an output's frame. Throws a `WrongBytesError` unless it is a frame of the output's size. */
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
 * Checks an output's bytes against its id and writes them to the local disk, then the records of its actions. Throws a
 * `WrongBytesError` if the bytes differ, and the disk's error if a write fails.
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

/** Writes the local records of these actions. Call it only when their outputs are written. */
export function recordActions(entries: PackedEntry[], local: LocalBuilds): void {
  for (const { actionId, outputId, sizeBytes, putTimeMs } of entries) {
    local.putRecord(actionId, { outputId, sizeBytes }, putTimeMs);
  }
}
