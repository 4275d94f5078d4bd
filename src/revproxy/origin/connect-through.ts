import { type Agent, request } from "node:http";
import type { Socket } from "node:net";
import { hostOf } from "../../lib/network/http-url.ts";
import { type Authority, formatAuthority } from "../authority.ts";

const CONNECT_TIMEOUT_MS = 15_000;

/** A connection to `authority` through another proxy. `via`: this program's entry in Via. */
export async function connectThrough(proxy: URL, authority: Authority, via: string): Promise<Socket> {
  const target = formatAuthority(authority);
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const sent = request({
    host: hostOf(proxy),
    port: proxy.port || 80,
    method: "CONNECT",
    path: target,
    headers: { host: target, via, ...proxyAuthorization(proxy) },
    agent: false as unknown as Agent,
    timeout: CONNECT_TIMEOUT_MS,
  });
  sent.once("connect", (answer, socket, head) => {
    if (answer.statusCode === 200) {
      if (head.length > 0) socket.unshift(head);
      resolve(socket as Socket);
      return;
    }
    socket.destroy();
    reject(new Error(`proxy ${proxy.host} answers CONNECT ${target} with ${answer.statusCode}`));
  });
  sent.once("response", (answer) => {
    answer.destroy();
    reject(new Error(`proxy ${proxy.host} answers CONNECT ${target} with ${answer.statusCode}`));
  });
  sent.once("timeout", () => sent.destroy(new Error(`proxy ${proxy.host} does not answer`)));
  sent.once("error", (cause) => reject(new Error(`proxy ${proxy.host}`, { cause })));
  sent.end();
  return await promise;
}

/** The user name and password in a proxy's URL, as a header field. */
export function proxyAuthorization({ username, password }: URL): Record<string, string> {
  if (username === "") return {};
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(text).toString("base64")}` };
}
