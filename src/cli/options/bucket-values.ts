/** Parsers of `--bucket` (`name`, `s3://name`, `file:///absolute/path`), `--s3-endpoint-url` and `--prefix`. */
import { pathToFileURL } from "node:url";
import { holdsSecret, quoteValue } from "../../lib/text/hide-secrets.ts";
import { UsageError } from "../usage-error.ts";
import { invalidValue } from "./values.ts";

/** The shared storage: a bucket of an S3 server, or a directory. */
export type BucketAddress = { kind: "s3"; bucket: string } | { kind: "directory"; path: string };

/** AWS's rule, and capitals and "_", which other servers allow. */
const BUCKET_NAME = /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/i;

const EXPECTED = "a bucket name (3 to 63 of a-z 0-9 . - _), s3://name or file:///path";

/** Empty: not set. */
export function parseBucket(text: string, name: string): BucketAddress | undefined {
  if (text === "") return undefined;
  if (/^file:/i.test(text)) return { kind: "directory", path: parseFileUrl(text, name) };
  if (/^(\/|~|\.\.?(\/|$))/.test(text)) {
    const isShown = text.startsWith("/") && !holdsSecret(text);
    const url = isShown ? pathToFileURL(text).href : "file:// and an absolute path";
    throw new UsageError(`${name}: ${quoteValue(text)} is a directory; write ${url}`);
  }
  const bucket = text.replace(/^s3:\/\//i, "").replace(/\/$/, "");
  if (BUCKET_NAME.test(bucket)) return { kind: "s3", bucket };
  if (bucket.includes("/") && !bucket.includes("://")) {
    throw new UsageError(`${name}: ${quoteValue(text)} has a slash; set the prefix of keys with --prefix`);
  }
  throw invalidValue(name, text, EXPECTED);
}

function parseFileUrl(text: string, name: string): string {
  const url = /^file:\/\/\//i.test(text) ? URL.parse(text) : null;
  if (url === null || url.search !== "" || url.hash !== "") {
    throw invalidValue(name, text, "file:/// and an absolute path, such as file:///srv/gocache");
  }
  // A path can't contain either, in any encoding.
  if (/%00|%2f/i.test(text)) throw invalidValue(name, text, "the URL of a file");
  return Bun.fileURLToPath(url);
}

/** Empty: not set. The text itself is kept. */
export function parseEndpointUrl(text: string, name: string): string | undefined {
  if (text === "") return undefined;
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw invalidValue(name, text, "a URL such as https://s3.example.com");
  }
  if (url.username !== "" || url.password !== "") {
    // Not quoted: this goes to build logs.
    throw new UsageError(`${name}: remove the user and password from the URL; see "help configure"`);
  }
  if (/[?#]/.test(text)) throw invalidValue(name, text, "a URL without ? and #");
  return text;
}

/** The prefix of keys. Keys must not start with a slash or contain `.` or `..` as a part: URLs with them mean other keys. */
export function parsePrefix(text: string, name: string): string {
  if (text.startsWith("/")) throw invalidValue(name, text, "a prefix: it must not begin with a slash");
  if (text.split("/").some((part) => part === "." || part === "..")) {
    throw invalidValue(name, text, 'a prefix: "." and ".." can\'t be parts of it');
  }
  if (text.includes("\0") || !text.isWellFormed()) throw invalidValue(name, text, "a prefix: it is not text");
  return text;
}
