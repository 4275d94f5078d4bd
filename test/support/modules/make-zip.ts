import { crc32, deflateRawSync } from "node:zlib";

/** A zip of these files, deflated. `claim`: a wrong expanded size for one of them in the list of files. */
export function makeZip(
  files: Record<string, string | Uint8Array>,
  claim: Record<string, number> = {},
): Buffer {
  const parts: Buffer[] = [];
  const list: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const raw = Buffer.from(content as string);
    const body = deflateRawSync(raw);
    const facts = {
      name: Buffer.from(name),
      body,
      crc: crc32(raw),
      size: claim[name] ?? raw.length,
      method: 8,
    };
    const header = localHeader(facts);
    parts.push(header, body);
    list.push(listEntry(facts, offset));
    offset += header.length + body.length;
  }
  const directory = Buffer.concat(list);
  return Buffer.concat([...parts, directory, endOf(list.length, directory.length, offset)]);
}

/** A zip with one file that is `chunk` again and again, not compressed: the bytes before and after the chunks. */
export function zipAround(
  name: string,
  chunk: Buffer,
  count: number,
): { head: Buffer; tail: Buffer; sizeBytes: number } {
  const length = chunk.length * count;
  const facts = { name: Buffer.from(name), body: { length }, crc: 0, size: length, method: 0 };
  const head = localHeader(facts);
  const directory = listEntry(facts, 0);
  const tail = Buffer.concat([directory, endOf(1, directory.length, head.length + length)]);
  return { head, tail, sizeBytes: head.length + length + tail.length };
}

interface Facts {
  name: Buffer;
  body: { length: number };
  crc: number;
  size: number;
  method: number;
}

function endOf(count: number, length: number, offset: number): Buffer {
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(length, 12);
  end.writeUInt32LE(offset, 16);
  return end;
}

function localHeader(facts: Facts): Buffer {
  const header = Buffer.alloc(30);
  header.write("PK\x03\x04", 0, "latin1");
  header.writeUInt16LE(20, 4);
  writeFacts(header, 8, facts);
  return Buffer.concat([header, facts.name]);
}

function listEntry(facts: Facts, offset: number): Buffer {
  const header = Buffer.alloc(46);
  header.write("PK\x01\x02", 0, "latin1");
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(20, 6);
  writeFacts(header, 10, facts);
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, facts.name]);
}

/** Method, checksum, sizes and length of the name, in the same order in both headers. */
function writeFacts(header: Buffer, at: number, { name, body, crc, size, method }: Facts): void {
  header.writeUInt16LE(method, at);
  header.writeUInt32LE(crc, at + 6);
  header.writeUInt32LE(body.length, at + 10);
  header.writeUInt32LE(size, at + 14);
  header.writeUInt16LE(name.length, at + 18);
}
