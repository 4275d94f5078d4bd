import { FdWriter } from "../../lib/process/fd-writer.ts";
import { readStdin } from "../../lib/process/stdin-input.ts";
import type { ClientSocket } from "../../net/client-socket.ts";
import { watchSignals } from "../signals.ts";

/** How long the server may take to end a session after its input has ended. */
const END_MS = 60_000;

/** Passes bytes between go and a server of another kind, which has greeted with `line`. */
export async function bridge(socket: ClientSocket, line: string): Promise<number> {
  const stdout = new FdWriter(1);
  const ended = Promise.withResolvers<void>();
  socket.listener = {
    onData: (bytes) => stdout.writeBytes(bytes),
    onEnd: ended.resolve,
  };
  watchSignals(() => socket.destroy());
  stdout.write(line);
  void passInput(socket);
  if (socket.isOpen) await ended.promise;
  return 0;
}

async function passInput(socket: ClientSocket): Promise<void> {
  for await (const chunk of readStdin(() => false)) {
    socket.write(chunk);
    await socket.drained();
  }
  await socket.end(END_MS);
}
