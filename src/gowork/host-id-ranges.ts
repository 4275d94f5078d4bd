/**
 * The parts of an executable that go leaves out of its content id, since they are made from the build id: the GNU build
 * id of ELF, and the UUID and the signature of Mach-O (cmd/internal/buildid/rewrite.go).
 */
import type { Range } from "./content-hash.ts";

/** Reads `length` bytes at `offset`. Throws beyond the end of the file. */
export type ReadAt = (offset: number, length: number) => Buffer;

const GNU_BUILD_ID = ".note.gnu.build-id";
/** Sizes of the note and `GNU\0`. */
const NOTE_HEAD_BYTES = 16;
const LC_UUID = 0x1b;
const LC_CODE_SIGNATURE = 0x1d;
/** Above those of any real executable. */
const MAX_TABLE_BYTES = 1 << 20;

/** No ranges in a file of another format. Throws if the file contradicts itself. */
export function hostIdRanges(read: ReadAt): Range[] {
  const magic = read(0, 4).toString("hex");
  if (magic === "7f454c46") return elfRanges(read);
  if (magic === "cffaedfe" || magic === "cefaedfe") return machoRanges(read, true);
  if (magic === "feedfacf" || magic === "feedface") return machoRanges(read, false);
  return [];
}

function elfRanges(read: ReadAt): Range[] {
  const head = read(0, 64);
  const is64 = head[4] === 2;
  const isLittle = head[5] === 1;
  const tableAt = numberAt(head, is64 ? 40 : 32, is64 ? 8 : 4, isLittle);
  const [size, count, nameIndex] = [0, 2, 4].map((at) => numberAt(head, (is64 ? 58 : 46) + at, 2, isLittle));
  if (size === undefined || count === undefined || nameIndex === undefined) return [];
  if (size < (is64 ? 64 : 40) || nameIndex >= count) return [];
  const table = bounded(read, tableAt, size * count);
  const place = (index: number): Range => {
    const at = index * size;
    const [offsetAt, width] = is64 ? [24, 8] : [16, 4];
    const start = numberAt(table, at + offsetAt, width, isLittle);
    return { start, end: start + numberAt(table, at + offsetAt + width, width, isLittle) };
  };
  const names = place(nameIndex);
  const text = bounded(read, names.start, names.end - names.start).toString("latin1");
  for (let index = 0; index < count; index++) {
    const nameAt = numberAt(table, index * size, 4, isLittle);
    if (!text.startsWith(`${GNU_BUILD_ID}\0`, nameAt)) continue;
    const { start, end } = place(index);
    return [{ start: start + NOTE_HEAD_BYTES, end }];
  }
  return [];
}

function machoRanges(read: ReadAt, isLittle: boolean): Range[] {
  const head = read(0, 32);
  const is64 = head[isLittle ? 0 : 3] === 0xcf;
  const headBytes = is64 ? 32 : 28;
  const commands = bounded(read, headBytes, numberAt(head, 20, 4, isLittle));
  const ranges: Range[] = [];
  for (let at = 0; at + 16 <= commands.length; ) {
    const kind = numberAt(commands, at, 4, isLittle);
    const bytes = numberAt(commands, at + 4, 4, isLittle);
    if (bytes < 8) break;
    if (kind === LC_UUID) ranges.push({ start: headBytes + at + 8, end: headBytes + at + bytes });
    if (kind === LC_CODE_SIGNATURE) {
      const start = numberAt(commands, at + 8, 4, isLittle);
      ranges.push({ start, end: start + numberAt(commands, at + 12, 4, isLittle) });
    }
    at += bytes;
  }
  return ranges;
}

function bounded(read: ReadAt, offset: number, length: number): Buffer {
  if (length > MAX_TABLE_BYTES) throw new Error("a table larger than any executable has");
  return read(offset, length);
}

/** Throws beyond the end of `bytes`. */
function numberAt(bytes: Buffer, at: number, width: number, isLittle: boolean): number {
  if (width === 8) return Number(isLittle ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  return isLittle ? bytes.readUIntLE(at, width) : bytes.readUIntBE(at, width);
}
