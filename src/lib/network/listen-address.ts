/**
 * Where a server listens, as a user writes it:
 *
 *     5930              a port, on the loopback interface only
 *     localhost:5930    a host and a port; port 0 is any free one
 *     :5930             every interface
 *     [::1]:5930        IPv6 in brackets
 *     /run/gcp.sock     a Unix socket: whatever has a slash in it
 *     systemd           the socket that systemd has opened (LISTEN_FDS); systemd:NAME, the one of that name
 */

/** A parsed address. */
export type ListenAddress =
  | { kind: "tcp"; host: string; port: number }
  | { kind: "unix"; path: string }
  | { kind: "systemd"; name: string | undefined };

/** Where a port alone listens. */
const LOOPBACK = "127.0.0.1";

/** The longest path of a Unix socket that every system takes, in bytes. */
const MAX_SOCKET_PATH_BYTES = 103;

/** The error in `text`, when `parseListenAddress` returns `undefined`. */
export const LISTEN_ADDRESS_KINDS = "a port, host:port, or the path of a Unix socket (at most 103 bytes)";

/** `undefined` for what is no address. Paths are kept as they are. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const systemd = /^systemd(?::([\w.-]+))?$/.exec(text);
  if (systemd !== null) return { kind: "systemd", name: systemd[1] };
  // A URL is no path, although a directory could be called "http:". Two letters at least: Windows has drives.
  if (/^[a-z][a-z0-9+.-]+:\//i.test(text)) return undefined;
  if (/[/\\]/.test(text)) return parsePath(text);
  const match = /^(?:(\[[0-9a-f:.]+\]|[^:[\]\s]*):)?(\d{1,5})$/i.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) return undefined;
  return { kind: "tcp", host: (match[1] ?? LOOPBACK).replace(/^\[|\]$/g, ""), port };
}

/** The address as a user would write it. */
export function formatListenAddress(address: ListenAddress): string {
  if (address.kind === "unix") return address.path;
  if (address.kind === "systemd") return address.name === undefined ? "systemd" : `systemd:${address.name}`;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

function parsePath(path: string): ListenAddress | undefined {
  const isTooLong = Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES;
  return isTooLong || path.includes("\0") || path.endsWith("/") ? undefined : { kind: "unix", path };
}
