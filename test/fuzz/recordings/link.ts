import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { gocacheprog } from "../../support/binary.ts";
import { type GoMachine, go } from "../../support/go-toolchain.ts";
import { startPluginServer } from "../../support/plugin-server.ts";
import type { TempDir } from "../../support/temp-dir.ts";
import { smallModule } from "./builds.ts";

/** The messages between `connect` and a server, line by line. */
export interface LinkLines {
  client: string[];
  server: string[];
}

export async function recordLink(dir: TempDir, machine: GoMachine): Promise<LinkLines> {
  const cwd = smallModule(dir);
  const flags = [`--bucket=file://${dir.join("bucket")}`];
  const said = { client: "", server: "" };
  // The second time with other flags, so that there are puts.
  for (const [index, flag] of ["-gcflags=", "-gcflags=-N"].entries()) {
    const cacheDir = dir.join(`link-${index}`);
    await using server = await startPluginServer({ cacheDir, flags, cwd });
    const listener = createServer((client) => {
      const peer = connect(Number(server.plugin.split(":").at(-1)), "127.0.0.1");
      client.on("data", (bytes) => (said.client += bytes.toString()));
      peer.on("data", (bytes) => (said.server += bytes.toString()));
      for (const socket of [client, peer]) socket.on("error", () => {});
      client.pipe(peer).pipe(client);
    });
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    const cacheprog = gocacheprog("connect", `127.0.0.1:${(listener.address() as AddressInfo).port}`);
    const { exitCode, stderr } = await go({ ...machine, cacheprog }, ["build", flag, "./..."], { cwd });
    listener.close();
    if (exitCode !== 0) throw new Error(`go build: ${stderr}`);
  }
  return { client: linesOf(said.client), server: linesOf(said.server) };
}

function linesOf(text: string): string[] {
  return [...new Set(text.split("\n").filter((line) => line !== ""))];
}
