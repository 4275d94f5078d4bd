/** Sends requests through a proxy in absolute form, with header fields exactly as given, and decodes nothing. */
import http from "node:http";

export interface ProxiedResponse {
  status: number;
  statusText: string;
  headers: Headers;
  text(): Promise<string>;
}

export interface ProxiedInit {
  method?: string;
  headers?: [string, string][];
  body?: string;
}

/** The answer with its body; an answer that breaks off rejects. */
export async function proxiedFetch(
  proxy: string,
  url: string,
  init: ProxiedInit = {},
): Promise<ProxiedResponse> {
  const { hostname, port } = new URL(proxy);
  const { method = "GET", headers = [], body } = init;
  const given: [string, string][] = [["Host", new URL(url).host], ...headers];
  if (body !== undefined) given.push(["Content-Length", String(Buffer.byteLength(body))]);
  const { promise, resolve, reject } = Promise.withResolvers<ProxiedResponse>();
  const options = { host: hostname, port, path: url, method, setHost: false, headers: given.flat() };
  const asking = http.request(options, (answer) => {
    const chunks: Buffer[] = [];
    answer.on("data", (chunk: Buffer) => chunks.push(chunk));
    answer.once("error", reject);
    answer.once("end", () => {
      const text = Buffer.concat(chunks).toString();
      const list = new Headers();
      const raw = answer.rawHeaders;
      for (let i = 0; i < raw.length; i += 2) list.append(raw[i] ?? "", raw[i + 1] ?? "");
      const { statusCode = 0, statusMessage = "" } = answer;
      resolve({ status: statusCode, statusText: statusMessage, headers: list, text: async () => text });
    });
  });
  asking.once("error", reject);
  asking.end(body);
  return await promise;
}
