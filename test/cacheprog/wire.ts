/** Requests as go writes them. */

/** `n` as an action id of 32 bytes, in base64 and in hex. */
export function actionId(n: number): { base64: string; hex: string } {
  const bytes = Buffer.alloc(32, n);
  return { base64: bytes.toString("base64"), hex: bytes.toString("hex") };
}

/** The SHA-256 of a body, in base64 and in hex. */
export function outputId(body: string | Uint8Array): { base64: string; hex: string } {
  const bytes = new Bun.CryptoHasher("sha256").update(body).digest();
  return { base64: bytes.toString("base64"), hex: bytes.toString("hex") };
}

export function getText(id: number, action: number): string {
  return `{"ID":${id},"Command":"get","ActionID":"${actionId(action).base64}"}\n\n`;
}

export function putText(id: number, action: number, body: string | Uint8Array): string {
  const bytes = Buffer.from(body);
  const size = bytes.length === 0 ? "" : `,"BodySize":${bytes.length}`;
  const object = `{"ID":${id},"Command":"put","ActionID":"${actionId(action).base64}","OutputID":"${outputId(bytes).base64}"${size}}\n\n`;
  return bytes.length === 0 ? object : `${object}"${bytes.toString("base64")}"\n`;
}

export function closeText(id: number): string {
  return `{"ID":${id},"Command":"close"}\n\n`;
}
