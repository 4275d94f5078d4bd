/** The actions of a large project, each made from its number, so that none has to be remembered. */

const BASE_BYTES = 64 << 10;
const MAX_BODY_BYTES = 16 << 10;
const EMPTY_ID = new Bun.CryptoHasher("sha256").digest("base64");
/** Half of each body is from one, half from the other: half of it compresses. */
const NOISE = noise(BASE_BYTES);
const TEXT = Buffer.from("a line of text that every package has somewhere\n".repeat(2_000));

/** An id of go's in base64. `project` tells actions of the same number apart. */
function actionId(project: string, n: number): string {
  return new Bun.CryptoHasher("sha256").update(`${project} ${n}`).digest("base64");
}

export function getRequest(id: number, project: string, n: number): string {
  return `{"ID":${id},"Command":"get","ActionID":"${actionId(project, n)}"}\n\n`;
}

/** A quarter of the outputs are empty, a third have less than 1 KiB, the rest up to 16 KiB, few as much. */
export function putRequest(id: number, project: string, n: number): string {
  const head = `{"ID":${id},"Command":"put","ActionID":"${actionId(project, n)}"`;
  const body = bodyOf(n);
  if (body.length === 0) return `${head},"OutputID":"${EMPTY_ID}"}\n\n`;
  const outputId = new Bun.CryptoHasher("sha256").update(body).digest("base64");
  return `${head},"OutputID":"${outputId}","BodySize":${body.length}}\n\n"${body.toString("base64")}"\n`;
}

function bodyOf(n: number): Buffer {
  const size = sizeOf(n);
  if (size === 0) return Buffer.alloc(0);
  const body = Buffer.allocUnsafe(size);
  const half = size >> 1;
  const from = scatter(n) % (BASE_BYTES - MAX_BODY_BYTES);
  NOISE.copy(body, 0, from, from + half);
  TEXT.copy(body, half, from, from + size - half);
  // No two outputs are the same.
  body.writeDoubleLE(n, 0);
  return body;
}

function sizeOf(n: number): number {
  const kind = n % 12;
  if (kind < 3) return 0;
  const share = (scatter(n) % 1_000) / 1_000;
  return 8 + Math.floor(kind < 7 ? share * 1_000 : 1_016 + share ** 4 * (MAX_BODY_BYTES - 1_024));
}

/** A number that looks random (Knuth's multiplicative hash). */
function scatter(n: number): number {
  return (Math.imul(n, 2_654_435_761) >>> 8) & 0xff_ff_ff;
}

function noise(size: number): Buffer {
  const blocks: Buffer[] = [];
  for (let n = 0; n * 32 < size; n++) {
    blocks.push(new Bun.CryptoHasher("sha256").update(`noise ${n}`).digest() as Buffer);
  }
  return Buffer.concat(blocks);
}
