import { plainEnv, run } from "./process.ts";
import type { ProxyMachine } from "./proxy-machine.ts";

/** curl's response. */
export interface Curled {
  status: number;
  cache: string | undefined;
  body: string;
}

/** A request by curl through the proxy, its certificate checked. Throws when curl fails. */
export async function curl(machine: ProxyMachine, url: string, args: string[] = []): Promise<Curled> {
  const format = "\n%{http_code} %header{x-cache}";
  const argv = ["curl", "-sS", "-w", format, ...args, url];
  const { stdout, stderr, exitCode } = await run(argv, { env: plainEnv(machine.clientEnv) });
  if (exitCode !== 0) throw new Error(`curl ${url}: ${stderr}`);
  const end = stdout.lastIndexOf("\n");
  const [status = "", ...cache] = stdout.slice(end + 1).split(" ");
  return { status: Number(status), cache: cache.join(" ") || undefined, body: stdout.slice(0, end) };
}
