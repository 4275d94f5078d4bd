import { expandFrame, expandFrameAside } from "../../../lib/bytes/zstd.ts";
import type { LocalBuilds } from "../../local-outputs.ts";
import { WrongBytesError } from "../../wrong-bytes-error.ts";
import type { PackedEntry } from "../format/entry.ts";
import type { WantedOutput } from "./wanted-output.ts";

/** What an action's record takes on most disks: a block. */
export const RECORD_BYTES = 4_096;

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
 * `WrongBytesError` if the bytes differ, and the disk's error if a write fails. Returns the bytes added to the disk.
 */
export function writeOutput(output: WantedOutput, bytes: Uint8Array, local: LocalBuilds): number {
  const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  if (sha256 !== output.outputId) throw new WrongBytesError(output.outputId, sha256);
  const file = local.createOutput(output.outputId, output.executable);
  try {
    file.write(bytes);
    file.commit();
  } catch (error) {
    file.discard();
    throw error;
  }
  return bytes.length + recordActions(output.entries, local);
}

/** Writes the output without bytes. `false`: the disk refuses it. Never throws, since that would end all other fetching. */
export function writeEmpty(outputId: string, local: LocalBuilds): boolean {
  let file: ReturnType<LocalBuilds["createOutput"]> | undefined;
  try {
    file = local.createOutput(outputId);
    file.commit();
    return true;
  } catch {
    file?.discard();
    return false;
  }
}

/**
 * Writes the local records of these actions. Call it only when their outputs are written. Returns the bytes added to the
 * disk.
 */
export function recordActions(entries: PackedEntry[], local: LocalBuilds): number {
  let count = 0;
  for (const { actionId, outputId, sizeBytes, putTimeMs } of entries) {
    if (local.putRecord(actionId, { outputId, sizeBytes }, putTimeMs)) count++;
  }
  return count * RECORD_BYTES;
}
