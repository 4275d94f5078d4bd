/**
 * A server on a Unix socket: `bun test/net/socket-contender.ts <socket>` says `ready`, binds when its stdin ends, then
 * says `listening`, or why not, and answers each connection with its process number.
 */
import { createServer } from "node:net";
import { bind } from "../../src/net/bind.ts";

const [path = ""] = process.argv.slice(2);
console.log("ready");
await new Response(Bun.stdin.stream()).text();
try {
  // Those that only look whether somebody answers are gone before the answer.
  const server = createServer((socket) => socket.on("error", () => {}).end(String(process.pid)));
  await bind(server, { kind: "unix", path }, {});
  console.log("listening");
} catch (error) {
  console.log(`refused: ${error instanceof Error ? error.message : error}`);
  process.exit();
}
