import { readFileSync } from "node:fs";
import { eventually } from "./eventually.ts";

/**
 * Waits until a server on this machine has let go of the connection that came from `clientPort`. Reads `/proc`, so it is
 * for Linux, and IPv4.
 */
export async function hasLeft(clientPort: number | undefined, serverPort: number): Promise<void> {
  if (clientPort === undefined) throw new Error("the client was never connected");
  await eventually("the server lets go of its client", () => !isHeld(clientPort, serverPort));
}

/** ESTABLISHED, CLOSE_WAIT: what a program has open; in the other states it is the kernel's alone. */
const HELD_STATES = ["01", "08"];

function isHeld(clientPort: number, serverPort: number): boolean {
  return readFileSync("/proc/net/tcp", "latin1")
    .split("\n")
    .some((line) => {
      const [, local, remote, state = ""] = line.trim().split(/\s+/);
      return portOf(local) === serverPort && portOf(remote) === clientPort && HELD_STATES.includes(state);
    });
}

/** Of `0100007F:1F90`. */
function portOf(address: string | undefined): number {
  return Number.parseInt(address?.split(":")[1] ?? "", 16);
}
