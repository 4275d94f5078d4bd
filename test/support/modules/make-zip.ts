import { crc32, deflateRawSync } from "node:zlib";

/** A zip of these files, deflated. `claim` makes the list of files lie about the expanded size of one. */
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
    const facts = { name: Buffer.from(name), body, crc: crc32(raw), size: claim[name] ?? raw.length };
    const header = localHeader(facts);
    parts.push(header, body);
    list.push(listEntry(facts, offset));
    offset += header.length + body.length;
  }
  const directory = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(list.length, 8);
  end.writeUInt16LE(list.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, directory, end]);
}

interface Facts {
  name: Buffer;
  body: Buffer;
  crc: number;
  size: number;
}

function localHeader({ name, body, crc, size }: Facts): Buffer {
  const header = Buffer.alloc(30);
  header.write("PK\x03\x04", 0, "latin1");
  header.writeUInt16LE(20, 4);
  writeFacts(header, 8, { name, body, crc, size });
  return Buffer.concat([header, name]);
}

function listEntry({ name, body, crc, size }: Facts, offset: number): Buffer {
  const header = Buffer.alloc(46);
  header.write("PK\x01\x02", 0, "latin1");
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(20, 6);
  writeFacts(header, 10, { name, body, crc, size });
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, name]);
}

/** Method, checksum, sizes and length of the name, which both headers have in the same order. */
function writeFacts(header: Buffer, at: number, { name, body, crc, size }: Facts): void {
  header.writeUInt16LE(8, at);
  header.writeUInt32LE(crc, at + 6);
  header.writeUInt32LE(body.length, at + 10);
  header.writeUInt32LE(size, at + 14);
  header.writeUInt16LE(name.length, at + 18);
}
