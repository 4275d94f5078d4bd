/**
 * Where a bucket's objects are:
 *
 *     https://bucket.s3.region.amazonaws.com/key     virtual host
 *     https://endpoint:port/base/bucket/key          path style
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */
import { isRegionName } from "./region.ts";

/** How a bucket is addressed. */
export interface AddressOptions {
  bucket: string;
  /** `http(s)://host[:port][/base]`; `undefined`: AWS. */
  endpointUrl: string | undefined;
  pathStyle: boolean;
}

/** Where an S3 server was named; `undefined`: nowhere, so it is AWS. */
export function configuredEndpoint(
  endpointUrl: string | undefined,
  env: Record<string, string | undefined>,
): string | undefined {
  return endpointUrl || env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || undefined;
}

export class Address {
  readonly #bucket: string;
  readonly #endpoint: URL | undefined;
  readonly #pathStyle: boolean;

  /** Throws when the bucket or the endpoint can't be one. */
  constructor({ bucket, endpointUrl, pathStyle }: AddressOptions) {
    if (!/^[A-Za-z0-9][\w.-]*$/.test(bucket)) throw new Error(`not a bucket name: ${JSON.stringify(bucket)}`);
    this.#bucket = bucket;
    this.#endpoint = endpointUrl === undefined ? undefined : parseEndpoint(endpointUrl);
    this.#pathStyle = pathStyle || !fitsVirtualHost(bucket, this.#endpoint);
  }

  /** Whether every request stays on this machine. */
  get isLoopback(): boolean {
    return isLoopbackHost(this.#endpoint?.hostname ?? "");
  }

  /** The URL of an object, or of the bucket. Throws for a key that no URL can name. */
  url(region: string, key: string | undefined, query: Record<string, string>): URL {
    const endpoint = this.#endpoint ?? awsEndpoint(region);
    const base = endpoint.pathname.replace(/\/+$/, "");
    const host = this.#pathStyle ? endpoint.host : `${this.#bucket}.${endpoint.host}`;
    const path = `${base}${this.#pathStyle ? `/${this.#bucket}` : ""}/${encodeKey(key ?? "")}`;
    const url = new URL(`${endpoint.protocol}//${host}${path}`);
    // URLs have no `.` and `..` segments, however encoded: the request would be for another object.
    // And with an empty key it would be for the bucket.
    const isAmbiguous = url.pathname !== path || key === "" || key?.startsWith("/");
    if (isAmbiguous) throw new Error("no URL can name this key");
    url.search = encodeQuery(query);
    return url;
  }
}

/** Percent-encodes every byte but letters, digits, `-._~` and the slashes, as the signature wants it. */
export function encodeKey(key: string): string {
  return key.split("/").map(encodePart).join("/");
}

/** Whether a URL's host is this machine itself. */
export function isLoopbackHost(hostname: string): boolean {
  return /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

function encodeQuery(query: Record<string, string>): string {
  const pairs = Object.entries(query).map(([name, value]) => `${encodePart(name)}=${encodePart(value)}`);
  return pairs.join("&");
}

function encodePart(text: string): string {
  if (!text.isWellFormed()) throw new Error("no URL can name this key");
  const percent = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, percent);
}

function parseEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHttp = url?.protocol === "http:" || url?.protocol === "https:";
  if (url === undefined || !isHttp) throw new Error(`not an http or https URL: ${text}`);
  if (url.username !== "" || url.password !== "") throw new Error("the endpoint URL must hold no password");
  if (url.search !== "" || url.hash !== "") throw new Error(`an endpoint URL ends with its path: ${text}`);
  return url;
}

function awsEndpoint(region: string): URL {
  if (!isRegionName(region)) throw new Error(`not an AWS region: ${JSON.stringify(region)}`);
  return new URL(`https://s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`);
}

/** A certificate for `*.host` doesn't cover `a.b.host`, and an address has no subdomains. */
function fitsVirtualHost(bucket: string, endpoint: URL | undefined): boolean {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) return false;
  if (bucket.includes(".") && endpoint?.protocol !== "http:") return false;
  return !/^(\d+\.\d+\.\d+\.\d+|\[.*\])$/.test(endpoint?.hostname ?? "");
}
