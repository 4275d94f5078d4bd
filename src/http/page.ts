import { answer } from "./answer.ts";
import type { HttpMount } from "./mount.ts";

/** What a page says. */
export interface PageContent {
  status?: number;
  type: string;
  body: string;
  headers?: Readonly<Record<string, string>>;
}

/** A page that is made when it is asked for; `make` is given the query. */
export function page(make: (query: URLSearchParams) => PageContent | Promise<PageContent>): HttpMount {
  return {
    handle: async (_request, response, target) => {
      const { status = 200, type, body, headers } = await make(queryOf(target));
      answer(response, status, body, { "content-type": type, ...headers });
    },
  };
}

/** Of what follows a page's path in a request. */
export function queryOf(target: string): URLSearchParams {
  return new URLSearchParams(target.replace(/^\?/, ""));
}

/** A page for programs of this machine only: it tells what is in memory, or takes time. */
export function localPage(mount: HttpMount): HttpMount {
  return {
    handle: async (request, response, target) => {
      const { remoteAddress } = request.socket;
      const isLocal = remoteAddress === undefined || /^(::ffff:)?127\.|^::1$/.test(remoteAddress);
      if (isLocal && request.headers["x-forwarded-for"] === undefined) {
        await mount.handle(request, response, target);
      } else {
        const text = "debug access denied: only from the machine itself\n";
        answer(response, 403, text, { "content-type": "text/plain; charset=utf-8" });
      }
    },
  };
}

export function textPage(make: () => string): HttpMount {
  return page(() => ({ type: "text/plain; charset=utf-8", body: `${make()}\n` }));
}
