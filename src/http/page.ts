import { answer } from "../lib/network/answer.ts";
import type { HttpMount } from "./mount.ts";

export interface PageContent {
  status?: number;
  type: string;
  body: string;
  headers?: Readonly<Record<string, string>>;
}

/** A page that is rendered for each request. */
export function page(make: (query: URLSearchParams) => PageContent | Promise<PageContent>): HttpMount {
  return {
    handle: async (_request, response, target) => {
      const { status = 200, type, body, headers } = await make(queryOf(target));
      answer(response, status, body, { "content-type": type, ...headers });
    },
  };
}

/** `target`: what follows a page's path in a request. */
export function queryOf(target: string): URLSearchParams {
  return new URLSearchParams(target.replace(/^\?/, ""));
}

export function textPage(make: () => string): HttpMount {
  return page(() => ({ type: "text/plain; charset=utf-8", body: `${make()}\n` }));
}
