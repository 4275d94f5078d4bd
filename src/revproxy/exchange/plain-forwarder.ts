/** Forwards plain requests to hosts that are not cached, by the rules of `tunnel/`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { answerText } from "../../lib/network/answer.ts";
import { formatAuthority } from "../authority.ts";
import type { OriginClient } from "../origin/origin-client.ts";
import type { ProxyLog } from "../proxy-log.ts";
import type { Resource } from "../resource.ts";
import { PROXY_STATUS, type Tunnels } from "../tunnel/tunnels.ts";
import { answerHead, forwardBody } from "./answer.ts";
import { clientRequest } from "./client-request.ts";

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

  /** Resolves when the client has its answer, or has disconnected. Never rejects. */
  async forward(resource: Resource, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { tunnels, log } = this.#options;
    if (resource.scheme === "https") {
      answerText(response, 400, "https:// needs CONNECT");
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

  /** `address`: the host's; `undefined`: another proxy looks it up. */
  async #exchange(
    resource: Resource,
    message: IncomingMessage,
    { response, address }: { response: ServerResponse; address: string | undefined },
  ): Promise<void> {
    const { method, headers, body, signal } = clientRequest(resource, message, response);
    if (response.destroyed) return;
    // Clients that don't know each other meet here: each request has its own connection.
    const request = { method, headers, body, address, isAlone: true };
    const answer = await this.#options.origin.send(resource, request, signal);
    answerHead(response, answer, { outcome: undefined });
    await forwardBody(response, answer.body);
  }
}
