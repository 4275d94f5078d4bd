import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Tells the client that its CONNECT is through, and passes bytes on both ways, each as far as the other end goes on. */
export function splice(client: Duplex, server: Socket, head: Buffer): void {
  const end = () => {
    client.destroy();
    server.destroy();
  };
  client.on("error", end);
  server.on("error", end);
  client.once("close", () => server.destroy());
  server.once("close", () => client.end());
  client.write("HTTP/1.1 200 OK\r\n\r\n");
  if (head.length > 0) server.write(head);
  client.pipe(server);
  server.pipe(client);
}
