export interface Authority {
  /** In lower case, without a trailing dot and without the brackets of an IPv6 address. */
  host: string;
  port: number;
}

const NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,62}[a-z0-9_])?)*$/;
const IPV6 = /^[0-9a-f:.]*:[0-9a-f:.]*$/;

/**
 * Parses `host`, `host:port` or `[address]:port`; `undefined` for anything else, such as text with a user name, or when
 * there is neither a port nor `defaultPort`.
 */
export function parseAuthority(text: string, defaultPort?: number): Authority | undefined {
  const [, bracketed, plain, portText] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed === undefined ? hostName(plain ?? "") : address(bracketed);
  const port = portText === undefined ? defaultPort : Number(portText);
  if (host === undefined || port === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}

/** As in a Host field: without the port when it is `defaultPort`. */
export function formatAuthority({ host, port }: Authority, defaultPort?: number): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return port === defaultPort ? name : `${name}:${port}`;
}

export function isSameAuthority(a: Authority, b: Authority): boolean {
  return a.host === b.host && a.port === b.port;
}

function hostName(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, "");
  return NAME.test(name) ? name : undefined;
}

function address(text: string): string | undefined {
  const lower = text.toLowerCase();
  return IPV6.test(lower) ? lower : undefined;
}
