/** A git host: the smart protocol by git's own CGI program, large files by the API of Git LFS. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { plainEnv } from "./process.ts";

/** A batch request of git-lfs (its api/batch.md). */
interface Batch {
  operation: "download" | "upload";
  objects: { oid: string; size: number }[];
}

const LFS_TYPE = "application/vnd.git-lfs+json";

/** Serves the bare repositories below `root`; every client may push. */
export function gitHost(root: string) {
  const large = new Map<string, Buffer>();
  return async (url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const [, oid] = /^\/large\/([0-9a-f]{64})$/.exec(url.pathname) ?? [];
    if (oid !== undefined) answerLarge(large, oid, { method: request.method, body }, response);
    else if (url.pathname.endsWith("/info/lfs/objects/batch")) answerBatch(url, body, response);
    else if (url.pathname.includes("/info/lfs/")) response.writeHead(404).end();
    else await answerGit(root, url, { request, body }, response);
  };
}

function answerLarge(
  large: Map<string, Buffer>,
  oid: string,
  { method, body }: { method: string | undefined; body: Buffer },
  response: ServerResponse,
): void {
  if (method === "PUT") large.set(oid, body);
  const bytes = large.get(oid);
  if (bytes === undefined) response.writeHead(404).end();
  else if (method === "PUT") response.end();
  else response.setHeader("Cache-Control", "public, max-age=31536000, immutable").end(bytes);
}

function answerBatch(url: URL, body: Buffer, response: ServerResponse): void {
  const { operation, objects } = JSON.parse(body.toString()) as Batch;
  const answered = objects.map(({ oid, size }) => {
    return {
      oid,
      size,
      authenticated: true,
      actions: { [operation]: { href: `${url.origin}/large/${oid}` } },
    };
  });
  response.setHeader("Content-Type", LFS_TYPE);
  response.end(JSON.stringify({ transfer: "basic", objects: answered }));
}

/** By the rules of CGI (RFC 3875), as `git help http-backend` describes. */
async function answerGit(
  root: string,
  url: URL,
  { request, body }: { request: IncomingMessage; body: Buffer },
  response: ServerResponse,
): Promise<void> {
  const { headers, method = "GET" } = request;
  const child = Bun.spawn(["git", "http-backend"], {
    stdin: new Uint8Array(body),
    env: plainEnv({
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_PROTOCOL: String(headers["git-protocol"] ?? ""),
      REMOTE_USER: "somebody",
      REQUEST_METHOD: method,
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: headers["content-type"] ?? "",
      CONTENT_LENGTH: String(body.length),
      HTTP_CONTENT_ENCODING: headers["content-encoding"] ?? "",
    }),
  });
  const output = Buffer.from(await new Response(child.stdout).arrayBuffer());
  const end = output.indexOf("\r\n\r\n");
  const fields = output.subarray(0, end).toString().split("\r\n").map(parseField);
  response.statusCode = Number.parseInt(fields.find(([name]) => name === "Status")?.[1] ?? "200", 10);
  for (const [name, value] of fields) if (name !== "Status") response.setHeader(name, value);
  response.end(output.subarray(end + 4));
}

function parseField(line: string): [name: string, value: string] {
  const [name = "", ...rest] = line.split(":");
  return [name, rest.join(":").trim()];
}
