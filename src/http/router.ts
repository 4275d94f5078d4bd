import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { answerText } from "../lib/network/answer.ts";
import { refusal } from "./host-check.ts";
import type { ForwardProxy, HttpMount } from "./mount.ts";

export interface RouterOptions {
  /** Pages by their path. */
  pages: ReadonlyMap<string, HttpMount>;
  /** By a prefix that ends with a slash. */
  mounts: ReadonlyMap<string, HttpMount>;
  forwardProxy: ForwardProxy | undefined;
  /** The host that the server listens on; `undefined`: only programs of this machine can connect. */
  listenHost: string | undefined;
  /** Called with the errors of mounts. */
  onFailure: (what: string, error: unknown) => void;
}

/** Routes requests to pages, mounts and the forward proxy. */
export class Router {
  readonly #options: RouterOptions;
  #active = 0;

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  /** Requests with an incomplete answer. */
  get active(): number {
    return this.#active;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#active++;
    response.once("close", () => this.#active--);
    try {
      await this.#route(request, response);
    } catch (error) {
      this.#options.onFailure(`${request.method} ${request.url}`, error);
      if (response.headersSent) response.destroy();
      else answerText(response, 500, "internal error");
    }
  }

  connect(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { forwardProxy, onFailure } = this.#options;
    socket.on("error", () => socket.destroy());
    if (forwardProxy === undefined) {
      socket.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      return;
    }
    try {
      forwardProxy.connect(request, socket, head);
    } catch (error) {
      onFailure(`CONNECT ${request.url}`, error);
      socket.destroy();
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.url ?? "";
    if (!target.startsWith("/")) return await this.#forward(request, response);
    const refused = refusal(request, this.#options.listenHost);
    if (refused !== undefined) return answerText(response, refused.status, refused.text);
    const found = this.#find(target);
    if (found === undefined) return answerText(response, 404, "not found");
    if (request.method !== "GET" && request.method !== "HEAD") {
      return answerText(response, 405, "only GET and HEAD are answered here", { allow: "GET, HEAD" });
    }
    await found.mount.handle(request, response, found.rest);
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { forwardProxy } = this.#options;
    if (forwardProxy !== undefined) await forwardProxy.handle(request, response);
    else answerText(response, 502, "this server is no forward proxy; start it with --revproxy");
  }

  #find(target: string): { mount: HttpMount; rest: string } | undefined {
    const path = target.replace(/[?#].*$/s, "");
    const { pages, mounts } = this.#options;
    const own = pages.get(path);
    if (own !== undefined) return { mount: own, rest: target.slice(path.length) };
    for (const [prefix, mount] of mounts) {
      if (path.startsWith(prefix)) return { mount, rest: target.slice(prefix.length) };
    }
    return undefined;
  }
}
