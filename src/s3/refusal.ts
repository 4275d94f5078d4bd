/**
 * Parses answers other than 2xx. S3 sends XML; other servers send HTML or no body:
 *
 *     <Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message>
 *            <Region>eu-west-1</Region><RequestId>4442587FB7D0A2F9</RequestId>…</Error>
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
import { readBodyText, SHORT_ANSWER_BYTES } from "./operations/body-text.ts";
import { child, childText, parseXml, type XmlNode } from "./operations/xml.ts";
import { isRegionName } from "./region.ts";
import type { S3ErrorDetails } from "./s3-error.ts";

/** An answer other than 2xx. */
export interface Refusal extends S3ErrorDetails {
  status: number;
  /** The bucket's region, if the server names it. */
  region: string | undefined;
  /** The server's clock. */
  dateMs: number | undefined;
}

/** Answers to HEAD have no body, so the code follows from the status. */
const CODE_OF_STATUS: Record<number, string> = {
  301: "PermanentRedirect",
  307: "TemporaryRedirect",
  400: "BadRequest",
  403: "AccessDenied",
  404: "NoSuchKey",
  412: "PreconditionFailed",
  501: "NotImplemented",
};

/** Codes for keys that are unknown, revoked, expired or don't match their secret. Other keys may be accepted. */
const KEY_CODES = new Set([
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "InvalidToken",
  "SignatureDoesNotMatch",
  "TokenRefreshRequired",
]);

/** Whether the server refuses the keys, not the request itself. */
export function isKeyRefusal(code: string | undefined): boolean {
  return code !== undefined && KEY_CODES.has(code);
}

/** Reads an answer other than 2xx. A body that can't be read or parsed counts as empty. */
export async function readRefusal(response: Response, onBytes: (count: number) => void): Promise<Refusal> {
  const error = child(await readErrorXml(response, onBytes), "Error");
  const region = response.headers.get("x-amz-bucket-region") ?? childText(error, "Region");
  const code = childText(error, "Code");
  return {
    status: response.status,
    code: code ?? CODE_OF_STATUS[response.status],
    isExplained: code !== undefined,
    message: childText(error, "Message"),
    requestId: response.headers.get("x-amz-request-id") ?? childText(error, "RequestId"),
    region: region !== undefined && isRegionName(region) ? region : undefined,
    dateMs: parseDateMs(response.headers.get("date")),
  };
}

/** A header's date in milliseconds since 1970; `undefined` if absent or invalid. */
export function parseDateMs(text: string | null | undefined): number | undefined {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) ? undefined : ms;
}

async function readErrorXml(
  response: Response,
  onBytes: (count: number) => void,
): Promise<XmlNode | undefined> {
  try {
    const { text } = await readBodyText(response, SHORT_ANSWER_BYTES, onBytes);
    return text === "" ? undefined : await parseXml(text);
  } catch {
    return undefined;
  }
}
