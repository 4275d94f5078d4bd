import type { PackedEntry } from "../../format/entry.ts";
import type { StoredPack } from "../packed-bucket.ts";
import type { FrameFaults } from "./frame-check.ts";
import { isSameClaim, type PackClaims } from "./pack-claims.ts";

/** A pack with bytes that match its name, so each wrong claim on it is a fault of the record. */
export class SoundPack {
  readonly #pack: StoredPack;
  readonly #claims: PackClaims;
  readonly #faults: FrameFaults;

  constructor(pack: StoredPack, claims: PackClaims, faults: FrameFaults) {
    this.#pack = pack;
    this.#claims = claims;
    this.#faults = faults;
  }

  /** Whether all claims on this pack were checked and are right. */
  get isAsClaimed(): boolean {
    const { isDisputed, sizeBytes } = this.#claims;
    const { wrong, unchecked } = this.#faults;
    return !isDisputed && sizeBytes === this.#pack.sizeBytes && wrong.size + unchecked.size === 0;
  }

  /** The reason why some claim could not be checked; `undefined`: all were. */
  get doubt(): string | undefined {
    const [reason] = this.#faults.unchecked.values();
    return reason;
  }

  /** The proof that a record with this entry is wrong; `undefined`: there is none. */
  faultOf({ outputId, sizeBytes, place }: PackedEntry): string | undefined {
    if (place === undefined) return undefined;
    const { id, sizeBytes: packBytes } = this.#pack;
    const { pack, offset, length } = place;
    if (pack.sizeBytes !== packBytes) return `pack ${id} has ${packBytes} bytes, not ${pack.sizeBytes}`;
    const checked = this.#claims.byOffset.get(offset);
    if (checked === undefined) return undefined;
    const { wrong, unchecked } = this.#faults;
    if (isSameClaim(checked, { offset, length, outputId, sizeBytes }))
      return wrong.has(offset) ? `pack ${id}: ${wrong.get(offset)}` : undefined;
    const isProven = !wrong.has(offset) && !unchecked.has(offset);
    if (!isProven) return undefined;
    return `pack ${id}: at ${offset} is output ${checked.outputId}, ${checked.sizeBytes} bytes in ${checked.length}`;
  }
}
