import type { Socket } from "node:net";
import type { Counters } from "../../../lib/counters.ts";
import type { ServerInfo } from "../../../net/link-protocol.ts";
import { type PluginCaches, PluginConnection } from "./plugin-connection.ts";

/** Above that, a connection that has sent nothing yet makes room; without one, the new connection is closed. */
const MAX_CONNECTIONS = 2_000;
const POLL_MS = 20;
const LINK_GRACE_MS = 1_000;

/** All connections to `--plugin`. */
export class PluginConnections {
  readonly #counters: Counters;
  readonly #open = new Set<PluginConnection>();
  readonly #ready = Promise.withResolvers<{ caches: PluginCaches; info: ServerInfo }>();

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  /** In the order in which they came. */
  get all(): ReadonlySet<PluginConnection> {
    return this.#open;
  }

  /** How many there are of each kind. */
  get counts(): Record<PluginConnection["kind"], number> {
    const counts = { silent: 0, bridge: 0, link: 0 };
    for (const { kind } of this.#open) counts[kind]++;
    return counts;
  }

  /** Clients connect as soon as the address is there; they wait for `start`. */
  async accept(socket: Socket): Promise<void> {
    socket.on("error", () => socket.destroy());
    const { caches, info } = await this.#ready.promise;
    const connection = new PluginConnection(socket, caches);
    if (this.#open.size >= MAX_CONNECTIONS && !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    this.#open.add(connection);
    this.#counters.add("sessions");
    await connection.serve(info);
    this.#open.delete(connection);
  }

  start(caches: PluginCaches, info: ServerInfo): void {
    this.#ready.resolve({ caches, info });
  }

  /** Waits for the sessions to end, for `limitMs` at most. */
  async drain(limitMs: number): Promise<void> {
    const endMs = performance.now() + limitMs;
    // A link reports what its go command used when that command has ended.
    await this.#allEnded(Math.min(endMs, performance.now() + LINK_GRACE_MS));
    // A bridge that is cut fails its build; a link that is cut misses.
    for (const connection of this.#open) if (connection.kind !== "bridge") connection.destroy();
    await this.#allEnded(endMs);
  }

  close(): void {
    for (const connection of this.#open) connection.destroy();
  }

  async #allEnded(endMs: number): Promise<void> {
    while (this.#open.size > 0 && performance.now() < endMs) await Bun.sleep(POLL_MS);
  }

  #makeRoom(): boolean {
    const silent = [...this.#open].find(({ kind }) => kind === "silent");
    if (silent === undefined) return false;
    silent.destroy();
    return this.#open.delete(silent);
  }
}
