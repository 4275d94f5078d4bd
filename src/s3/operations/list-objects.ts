/**
 *     <ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
 *       <NextContinuationToken>…</NextContinuationToken>
 *       <Contents><Key>a%2Fb</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>
 *                 <ETag>&quot;…&quot;</ETag><Size>5</Size></Contents>…
 */
import { excerpt } from "../../lib/text/excerpt.ts";
import { parseDateMs } from "../refusal.ts";
import type { S3Call, S3Client } from "../s3-client.ts";
import { readBodyText } from "./body-text.ts";
import type { CallOptions, ObjectInfo } from "./object-info.ts";
import { child, children, childText, loadXmlParser, parseXml, type XmlNode } from "./xml.ts";

export interface ListObjectsOptions extends CallOptions {
  /** Only keys after this one. */
  startAfter?: string | undefined;
  /** At most 1000. */
  pageSize?: number | undefined;
}

export interface ObjectsPage {
  objects: ({ key: string } & ObjectInfo)[];
  /** The server's clock at the time of the answer. */
  serverTimeMs: number;
}

/** Fits a thousand keys of 1 KiB with every byte percent-encoded. */
const PAGE_LIMIT_BYTES = 8 * 1024 * 1024;

const MAX_PAGE_SIZE = 1000;

/**
 * The objects below a prefix in the server's order (S3: by the bytes of their keys), one page per request.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export async function* listObjects(
  client: S3Client,
  prefix: string,
  options: ListObjectsOptions = {},
): AsyncGenerator<ObjectsPage, void, void> {
  const { signal } = options;
  for (let token: string | undefined; ; ) {
    const query = listQuery(prefix, options, token);
    const call: S3Call = { operation: "list", method: "GET", key: prefix, query, signal };
    // Loads while the request is in flight.
    void loadXmlParser();
    const { page, next } = await client.send(call, (response) => readPage(client, call, response));
    yield page;
    if (next === undefined) return;
    // The same token would return the same page forever.
    if (next === "" || next === token) throw client.failure(call, "truncated without a new token");
    token = next;
  }
}

function listQuery(prefix: string, options: ListObjectsOptions, token: string | undefined) {
  const { startAfter, pageSize } = options;
  return {
    "list-type": "2",
    "encoding-type": "url",
    prefix,
    ...(pageSize === undefined ? {} : { "max-keys": `${Math.min(pageSize, MAX_PAGE_SIZE)}` }),
    ...(startAfter === undefined ? {} : { "start-after": startAfter }),
    ...(token === undefined ? {} : { "continuation-token": token }),
  };
}

/** One page, and the token of the next: `undefined` after the last, empty if the server omitted it. */
async function readPage(
  client: S3Client,
  call: S3Call,
  response: Response,
): Promise<{ page: ObjectsPage; next: string | undefined }> {
  const { text, isWhole } = await readBodyText(response, PAGE_LIMIT_BYTES, client.countReceived);
  const hasEnd = isWhole && text.trimEnd().endsWith("</ListBucketResult>");
  const result = hasEnd ? child(await parseXml(text), "ListBucketResult") : undefined;
  if (result === undefined) throw client.failure(call, "the answer is not a listing", undefined, response);
  const decode = childText(result, "EncodingType") === "url" ? decodeKey : (key: string) => key;
  const objects = children(result, "Contents").map((node) => readObject(node, decode));
  const serverTimeMs = parseDateMs(response.headers.get("date")) ?? client.nowMs();
  const isTruncated = childText(result, "IsTruncated") === "true";
  const next = isTruncated ? (childText(result, "NextContinuationToken") ?? "") : undefined;
  return { page: { objects, serverTimeMs }, next };
}

function readObject(node: XmlNode, decode: (key: string) => string): { key: string } & ObjectInfo {
  return {
    key: decode(childText(node, "Key") ?? ""),
    sizeBytes: readSize(childText(node, "Size")),
    etag: childText(node, "ETag") ?? "",
    modifiedMs: parseDateMs(childText(node, "LastModified")) ?? 0,
  };
}

/** Rejects an invalid size: comparisons of NaN with a limit are always false. */
function readSize(text = "0"): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error(`a listing with the size ${excerpt(text)}`);
  return Number(text);
}

/** Form encoding: a blank is `+`, a plus is `%2B`. */
function decodeKey(text: string): string {
  return decodeURIComponent(text.replaceAll("+", "%20"));
}
