/**
 * The addresses of a bucket's objects:
 *
 *     https://bucket.s3.region.amazonaws.com/key     virtual host, the default for AWS
 *     https://endpoint:port/base/bucket/key          path style, the default for every other server
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */

import { isHttpUrl } from "../lib/network/http-url.ts";
import { isLoopbackHost } from "../lib/network/loopback-host.ts";
import { quoteValue } from "../lib/text/hide-secrets.ts";
import { isRegionName } from "./region.ts";

/** How a bucket is addressed. */
export interface AddressOptions {
  bucket: string;
  /** `http(s)://host[:port][/base]`; `undefined`: AWS. */
  endpointUrl: string | undefined;
  /** `undefined`: path style, unless the endpoint is AWS's. */
  pathStyle: boolean | undefined;
}

/** The configured endpoint; `undefined`: none, so AWS. */
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

  /** Throws if the bucket name or the endpoint is invalid. */
  constructor({ bucket, endpointUrl, pathStyle }: AddressOptions) {
    if (!/^[A-Za-z0-9][\w.-]*$/.test(bucket)) throw new Error(`not a bucket name: ${quoteValue(bucket)}`);
    this.#bucket = bucket;
    this.#endpoint = endpointUrl === undefined ? undefined : parseEndpoint(endpointUrl);
    const isPathStyle = pathStyle ?? !isAwsEndpoint(this.#endpoint);
    this.#pathStyle = isPathStyle || !fitsVirtualHost(bucket, this.#endpoint);
    if (this.#endpoint !== undefined) refuseBucketIn(this.#endpoint, bucket);
  }

  /** Whether the server runs on this machine. */
  get isLoopback(): boolean {
    return isLoopbackHost(this.#endpoint?.hostname ?? "");
  }

  /** Whether requests for the bucket go to the host of that URL. On AWS, any region matches. */
  isAt({ protocol, host, hostname }: URL): boolean {
    const region = /(?:^|\.)s3\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(hostname)?.[1] ?? "us-east-1";
    const own = isRegionName(region) ? this.url(region, undefined, {}) : undefined;
    return own?.protocol === protocol && own.host === host;
  }

  /** The URL of an object, or of the bucket. Throws if no URL can name the key. */
  url(region: string, key: string | undefined, query: Record<string, string>): URL {
    const endpoint = this.#endpoint ?? awsEndpoint(region);
    const base = endpoint.pathname.replace(/\/+$/, "");
    const host = this.#pathStyle ? endpoint.host : `${this.#bucket}.${endpoint.host}`;
    const path = `${base}${this.#pathStyle ? `/${this.#bucket}` : ""}/${encodeKey(key ?? "")}`;
    const url = new URL(`${endpoint.protocol}//${host}${path}`);
    // URLs resolve `.` and `..` segments even if encoded, so the request would be for another object. With an empty key
    // it would be for the bucket.
    const isAmbiguous = url.pathname !== path || key === "" || key?.startsWith("/");
    if (isAmbiguous) throw new Error("no URL can name this key");
    url.search = encodeQuery(query);
    return url;
  }
}

/** Percent-encodes every byte except letters, digits, `-._~` and slashes, as the signature requires. */
export function encodeKey(key: string): string {
  return key.split("/").map(encodePart).join("/");
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
  if (url === undefined || !isHttpUrl(url)) throw new Error(`not an http or https URL: ${quoteValue(text)}`);
  if (url.username !== "" || url.password !== "") throw new Error("the endpoint URL must hold no password");
  if (url.search !== "" || url.hash !== "")
    throw new Error(`an endpoint URL ends with its path: ${quoteValue(text)}`);
  return url;
}

/**
 * Rejects an endpoint that contains the bucket: objects would go to `bucket/bucket/key`, or to a host that does not
 * exist.
 */
function refuseBucketIn(endpoint: URL, bucket: string): void {
  const isInPath = endpoint.pathname.replace(/\/+$/, "").endsWith(`/${bucket}`);
  const isInHost = isAwsEndpoint(endpoint) && endpoint.hostname.startsWith(`${bucket.toLowerCase()}.`);
  if (!isInPath && !isInHost) return;
  throw new Error(`the endpoint ${endpoint.href} names the bucket ${bucket}; give the server's address only`);
}

/** No endpoint means AWS. AWS's endpoints: https://docs.aws.amazon.com/general/latest/gr/s3.html */
function isAwsEndpoint(endpoint: URL | undefined): boolean {
  return endpoint === undefined || /(^|\.)(amazonaws\.com(\.cn)?|api\.aws)$/.test(endpoint.hostname);
}

function awsEndpoint(region: string): URL {
  if (!isRegionName(region)) throw new Error(`not an AWS region: ${quoteValue(region)}`);
  return new URL(`https://s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`);
}

/** A certificate for `*.host` doesn't cover `a.b.host`, and an IP address has no subdomains. */
function fitsVirtualHost(bucket: string, endpoint: URL | undefined): boolean {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) return false;
  if (bucket.includes(".") && endpoint?.protocol !== "http:") return false;
  return !/^(\d+\.\d+\.\d+\.\d+|\[.*\])$/.test(endpoint?.hostname ?? "");
}
