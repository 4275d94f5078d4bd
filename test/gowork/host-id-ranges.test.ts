import { describe, expect, test } from "bun:test";
import { hostIdRanges, type ReadAt } from "../../src/gowork/host-id-ranges.ts";

function readerOf(bytes: Buffer): ReadAt {
  return (offset, length) => {
    if (offset + length > bytes.length) throw new Error("beyond the end");
    return bytes.subarray(offset, offset + length);
  };
}

interface Layout {
  is64: boolean;
  isLittle: boolean;
}

function put(bytes: Buffer, at: number, value: number, width: number, { isLittle }: Layout): void {
  if (width === 8) {
    if (isLittle) bytes.writeBigUInt64LE(BigInt(value), at);
    else bytes.writeBigUInt64BE(BigInt(value), at);
  } else if (isLittle) bytes.writeUIntLE(value, at, width);
  else bytes.writeUIntBE(value, at, width);
}

/** Sections: none, their names, and one of each name in `names`, which lies at 1000 and has 36 bytes. */
function elf(layout: Layout, names: string[]): Buffer {
  const { is64 } = layout;
  const bytes = Buffer.alloc(2_000);
  bytes.write("7f454c46", "hex");
  bytes[4] = is64 ? 2 : 1;
  bytes[5] = layout.isLittle ? 1 : 2;
  const size = is64 ? 64 : 40;
  const word = is64 ? 8 : 4;
  put(bytes, is64 ? 40 : 32, 1_100, word, layout);
  put(bytes, is64 ? 58 : 46, size, 2, layout);
  put(bytes, is64 ? 60 : 48, names.length + 2, 2, layout);
  put(bytes, is64 ? 62 : 50, 1, 2, layout);
  const text = `\0${names.join("\0")}\0`;
  bytes.write(text, 500, "latin1");
  const section = (index: number, name: number, offset: number, length: number) => {
    const at = 1_100 + index * size;
    put(bytes, at, name, 4, layout);
    put(bytes, at + (is64 ? 24 : 16), offset, word, layout);
    put(bytes, at + (is64 ? 24 : 16) + word, length, word, layout);
  };
  section(1, 0, 500, text.length);
  for (const [index, name] of names.entries()) section(index + 2, text.indexOf(`\0${name}\0`) + 1, 1_000, 36);
  return bytes;
}

/** With commands of a kind, and of a size, filled with numbers. */
function macho({ is64, isLittle }: Layout, commands: { kind: number; fields: number[] }[]): Buffer {
  const layout = { is64, isLittle };
  const head = is64 ? 32 : 28;
  const bytes = Buffer.alloc(head + commands.reduce((sum, { fields }) => sum + 8 + 4 * fields.length, 0));
  put(bytes, 0, is64 ? 0xfeedfacf : 0xfeedface, 4, layout);
  put(bytes, 16, commands.length, 4, layout);
  put(bytes, 20, bytes.length - head, 4, layout);
  let at = head;
  for (const { kind, fields } of commands) {
    for (const value of [kind, 8 + 4 * fields.length, ...fields]) {
      put(bytes, at, value, 4, layout);
      at += 4;
    }
  }
  return bytes;
}

describe.each([
  { is64: true, isLittle: true },
  { is64: true, isLittle: false },
  { is64: false, isLittle: true },
  { is64: false, isLittle: false },
])("with %o", (layout) => {
  test("the range of ELF is its GNU build id", () => {
    const file = elf(layout, [".text", ".note.gnu.build-id", ".note.go.buildid"]);
    expect(hostIdRanges(readerOf(file))).toEqual([{ start: 1_016, end: 1_036 }]);
  });

  test("ELF without one has no range", () => {
    expect(hostIdRanges(readerOf(elf(layout, [".text", ".note.gnu.build-id2"])))).toEqual([]);
  });

  test("those of Mach-O are its UUID and its signature", () => {
    const file = macho(layout, [
      { kind: 0x19, fields: [1, 2] },
      { kind: 0x1b, fields: [1, 2, 3, 4] },
      { kind: 0x1d, fields: [5_000, 70] },
    ]);
    const uuid = (layout.is64 ? 32 : 28) + 16 + 8;
    expect(hostIdRanges(readerOf(file))).toEqual([
      { start: uuid, end: uuid + 16 },
      { start: 5_000, end: 5_070 },
    ]);
  });
});

test("other files have none", () => {
  expect(hostIdRanges(readerOf(Buffer.from("MZ\0\0 and more")))).toEqual([]);
});

test.each([
  ["is cut off", (bytes: Buffer) => bytes.subarray(0, 1_200)],
  ["names more sections than fit", (bytes: Buffer) => fill(bytes, 60, 0xff, 2)],
  ["has its sections beyond its end", (bytes: Buffer) => fill(bytes, 40, 0xff, 6)],
])("an ELF file that %s is refused", (_, damage) => {
  const file = elf({ is64: true, isLittle: true }, [".note.gnu.build-id"]);
  expect(() => hostIdRanges(readerOf(damage(file)))).toThrow();
});

test.each([0, 4, 7])("a Mach-O file with a command of %d bytes ends there", (bytes) => {
  const file = macho({ is64: true, isLittle: true }, [{ kind: 0x1b, fields: [1, 2, 3, 4] }]);
  put(file, 36, bytes, 4, { is64: true, isLittle: true });
  expect(hostIdRanges(readerOf(file))).toEqual([]);
});

function fill(bytes: Buffer, at: number, value: number, count: number): Buffer {
  return bytes.fill(value, at, at + count);
}
