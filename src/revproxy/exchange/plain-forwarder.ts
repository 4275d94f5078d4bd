/** Plain requests to hosts that are not cached, passed on as they are, under the rules of `tunnel/`. */
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { formatAuthority } from "../authority.ts";
import { proxyAuthorization } from "../origin/connect-through.ts";
import { parentProxy } from "../origin/parent-proxy.ts";
import type { ProxyLog } from "../proxy-log.ts";
import { DEFAULT_PORTS, formatResource, type Resource } from "../resource.ts";
import {
  fromRawHeaders,
  type HeaderList,
  hasHeader,
  toRawHeaders,
  without,
} from "../semantics/header-list.ts";
import { endToEnd } from "../semantics/hop-by-hop.ts";
import type { Tunnels } from "../tunnel/tunnels.ts";
import { answerHead, answerText, passOn } from "./answer.ts";

const SILENCE_MS = 120_000;

export interface PlainForwarderOptions {
  tunnels: Tunnels;
  env: Readonly<Record<string, string | undefined>>;
  via: string;
  log: ProxyLog;
}

export class PlainForwarder {
  readonly #options: PlainForwarderOptions;

  constructor(options: PlainForwarderOptions) {
    this.#options = options;
  }

  /** Resolves when the client has its answer, or has gone. Never rejects. */
  async forward(resource: Resource, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { tunnels, log } = this.#options;
    if (resource.scheme === "https") {
      answerText(response, 400, "https:// is asked for with CONNECT");
      return;
    }
    const decision = await tunnels.decide("http", resource.authority);
    if (typeof decision === "object" && "status" in decision) {
      log.countConnection("fwd_conn_reject");
      answerText(response, decision.status, decision.text);
      return;
    }
    const pinned = decision === "proxy" ? undefined : decision[0]?.address;
    try {
      const answer = await this.#send(resource, { request, response, address: pinned });
      answerHead(
        response,
        {
          status: answer.statusCode ?? 502,
          reason: answer.statusMessage ?? "",
          headers: endToEnd(fromRawHeaders(answer.rawHeaders)),
        },
        { outcome: undefined },
      );
      await passOn(response, answer);
    } catch (error) {
      if (response.destroyed) return;
      log.countConnection("fwd_conn_error");
      log.failed(resource, error);
      if (response.headersSent) response.destroy();
      else answerText(response, 502, `${formatAuthority(resource.authority)} can't be reached`);
    }
  }

  /**
   * Resolves when the answer's head has come. `response`: what the client waits for; when it goes, so does what is sent.
   * `address`: where the host was found to be; `undefined`: another proxy knows.
   */
  async #send(
    resource: Resource,
    {
      request,
      response,
      address,
    }: { request: IncomingMessage; response: ServerResponse; address: string | undefined },
  ): Promise<IncomingMessage> {
    const { env, via } = this.#options;
    const { authority, path } = resource;
    const proxy = address === undefined ? parentProxy(resource, env) : undefined;
    const given = fromRawHeaders(request.rawHeaders);
    const isChunked = hasHeader(given, "transfer-encoding");
    const headers: HeaderList = [
      ["Host", formatAuthority(authority, DEFAULT_PORTS.http)],
      ...without(endToEnd(given), ["host", "expect"]),
      ["Via", via],
      ...(isChunked ? [["Transfer-Encoding", "chunked"] as const] : []),
      ...(proxy === undefined ? [] : Object.entries(proxyAuthorization(proxy))),
    ];
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = http.request({
      host: address ?? proxy?.hostname ?? "",
      port: proxy === undefined ? authority.port : proxy.port || 80,
      path: proxy === undefined ? path : formatResource(resource),
      method: request.method ?? "GET",
      setHost: false,
      headers: toRawHeaders(headers),
    });
    sent.once("response", resolve);
    sent.on("error", reject);
    sent.setTimeout(SILENCE_MS, () => sent.destroy(new Error("no answer")));
    const leave = () => sent.destroy(new Error("the client has gone"));
    request.once("close", () => {
      if (!request.complete) leave();
    });
    response.once("close", () => {
      if (!response.writableFinished) leave();
    });
    if (response.destroyed) leave();
    request.pipe(sent);
    return await promise;
  }
}
