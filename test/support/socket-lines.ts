import type { Socket } from "node:net";

/** The lines received over a connection, without their ends. */
export async function* linesOf(socket: Socket): AsyncGenerator<string, void> {
  let pending = "";
  for await (const chunk of socket) {
    pending += (chunk as Buffer).toString("utf8");
    const lines = pending.split("\n");
    pending = lines.pop() ?? "";
    yield* lines;
  }
}
