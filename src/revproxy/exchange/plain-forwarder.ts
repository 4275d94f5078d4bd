/** Plain requests to hosts that are not cached, passed on as they are, under the rules of `tunnel/`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { formatAuthority } from "../authority.ts";
import type { OriginClient } from "../origin/origin-client.ts";
import type { ProxyLog } from "../proxy-log.ts";
import type { Resource } from "../resource.ts";
import { hasFraming } from "../semantics/framing.ts";
import { fromRawHeaders } from "../semantics/header-list.ts";
import { endToEnd } from "../semantics/hop-by-hop.ts";
import { PROXY_STATUS, type Tunnels } from "../tunnel/tunnels.ts";
import { answerHead, answerText, passOn } from "./answer.ts";

export interface PlainForwarderOptions {
  tunnels: Tunnels;
  origin: OriginClient;
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
      answerText(response, decision.status, decision.text, { "proxy-status": PROXY_STATUS });
      return;
    }
    try {
      const address = decision === "proxy" ? undefined : decision[0]?.address;
      await this.#exchange(resource, request, { response, address });
    } catch (error) {
      if (response.destroyed) return;
      log.countConnection("fwd_conn_error");
      log.failed(resource, error);
      if (response.headersSent) response.destroy();
      else answerText(response, 502, `${formatAuthority(resource.authority)} can't be reached`);
    }
  }

  /** `address`: where the host was found to be; `undefined`: another proxy knows. */
  async #exchange(
    resource: Resource,
    message: IncomingMessage,
    { response, address }: { response: ServerResponse; address: string | undefined },
  ): Promise<void> {
    const client = new AbortController();
    response.once("close", () => client.abort(new Error("the client has gone")));
    if (response.destroyed) return;
    const raw = fromRawHeaders(message.rawHeaders);
    const request = {
      method: message.method ?? "GET",
      headers: endToEnd(raw),
      body: hasFraming(raw) ? message : undefined,
      address,
      // Clients that have nothing to do with each other meet here: each request has a connection of its own.
      isAlone: true,
    };
    const answer = await this.#options.origin.send(resource, request, client.signal);
    answerHead(response, answer, { outcome: undefined });
    await passOn(response, answer.body);
  }
}
