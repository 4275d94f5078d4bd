import type { ServerResponse } from "node:http";

/** Answers with plain text, unless an answer has begun already. */
export function answerText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  answer(response, status, `${text}\n`, { "content-type": "text/plain; charset=utf-8", ...headers });
}

/** Answers with a body that must not be cached, or sniffed for another type, unless an answer has begun already. */
export function answer(
  response: ServerResponse,
  status: number,
  body: string | Uint8Array,
  headers: Record<string, string>,
): void {
  if (response.headersSent) return;
  response.writeHead(status, {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "content-length": String(Buffer.byteLength(body)),
    ...headers,
  });
  if (response.req.method === "HEAD") response.end();
  else response.end(body);
}
