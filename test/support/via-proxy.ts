import { readFileSync } from "node:fs";
import type { ProxyMachine } from "./proxy-machine.ts";

/** A client's whole response, so that a test can compare it. */
export interface Got {
  status: number;
  cache: string | null;
  body: string;
}

/** Sends a request through the proxy, checks its certificate, and decodes nothing. */
export async function get(
  machine: Pick<ProxyMachine, "address" | "caPath">,
  url: string,
  init: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Got & { headers: Headers }> {
  const response = await fetch(url, {
    ...init,
    redirect: "manual",
    decompress: false,
    proxy: machine.address,
    tls: { ca: readFileSync(machine.caPath, "utf8") },
  });
  const body = await response.text();
  return { status: response.status, cache: response.headers.get("x-cache"), body, headers: response.headers };
}

/** Without the header fields. */
export async function getPlainly(...request: Parameters<typeof get>): Promise<Got> {
  const { status, cache, body } = await get(...request);
  return { status, cache, body };
}
