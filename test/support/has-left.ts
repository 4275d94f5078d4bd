import { readFileSync } from "node:fs";
import { eventually } from "./eventually.ts";

/**
 * Waits until a server on this machine has closed the connection from `clientPort`. Reads `/proc`: for Linux and IPv4
 * only.
 */
export async function hasLeft(clientPort: number | undefined, serverPort: number): Promise<void> {
  if (clientPort === undefined) throw new Error("the client was never connected");
  await eventually("the server closes the connection of its client", () => !isOpen(clientPort, serverPort));
}

/** ESTABLISHED, CLOSE_WAIT: a program has it open; in the other states only the kernel has it. */
const HELD_STATES = ["01", "08"];

function isOpen(clientPort: number, serverPort: number): boolean {
  return readFileSync("/proc/net/tcp", "latin1")
    .split("\n")
    .some((line) => {
      const [, local, remote, state = ""] = line.trim().split(/\s+/);
      return portOf(local) === serverPort && portOf(remote) === clientPort && HELD_STATES.includes(state);
    });
}

/** The port in `0100007F:1F90`. */
function portOf(address: string | undefined): number {
  return Number.parseInt(address?.split(":")[1] ?? "", 16);
}
