/** Sessions of go commands of every kind, as in the long life of a server; it checks every answer. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { BridgeClient } from "../support/bridge-client.ts";
import { CacheprogClient } from "../support/cacheprog-client.ts";
import { hexOf, idOf, sha256Hex } from "../support/ids.ts";
import { closed, dial, LINK_SCOPE, LinkClient } from "../support/link-client.ts";
import { placeOutput } from "../support/place-output.ts";
import { startPluginServer } from "../support/plugin-server.ts";
import { plainEnv } from "../support/process.ts";

/** The number of different entries: those that a team builds repeatedly. */
const ENTRIES = 2_000;
/** Entries in the bucket that are repeatedly removed from the disk. */
const FAR_ENTRIES = 50;
/** More scopes than a server keeps indexes for. */
const BRANCHES = 80;
const SIZE_STEP_BYTES = 256;
const SIZES = 64;

const RUN = {
  /** The executable itself, as go starts it. */
  connect: async (load, index) => {
    await using client = await load.connect();
    await client.get(idOf(`unknown ${index}`));
    const body = bodyOf(index);
    check(await client.put(actionOf(index), body), ({ DiskPath }) => DiskPath !== undefined);
    check(await client.get(actionOf(index)), ({ Size }) => Size === body.length);
    await client.close();
    await client.end();
    check(await client.ended(), ({ exitCode }) => exitCode === 0);
  },
  killedConnect: async (load, index) => {
    await using client = await load.connect();
    await client.put(actionOf(index), bodyOf(index));
    void client.get(idOf(`unknown ${index}`)).catch(() => undefined);
    client.signal("SIGKILL");
  },
  bridge: async ({ plugin }, index) => {
    const client = await BridgeClient.open(plugin);
    check(await client.get(idOf(`unknown ${index}`)), ({ Miss }) => Miss === true);
    for (const entry of [index, index + 7, index + 77]) {
      const body = bodyOf(entry);
      check(await client.put(actionOf(entry), body), ({ DiskPath }) => DiskPath !== undefined);
      check(await client.get(actionOf(entry)), ({ Size }) => Size === body.length);
    }
    await client.close();
  },
  brokenBridge: async ({ plugin }, index) => {
    const client = await BridgeClient.open(plugin);
    await client.breakOff(idOf(`broken ${index}`), bodyOf(index));
  },
  link: async ({ plugin, cacheDir }, index) => {
    const client = await LinkClient.open(plugin, scopeOf(index));
    const far = index % FAR_ENTRIES;
    const wanted = sha256Hex(farBodyOf(far));
    check(await client.ask("get", 1, hexOf(farActionOf(far))), ([, , output]) => output === wanted);
    check(await client.ask("get", 2, hexOf(idOf(`unknown ${index}`))), ([, , why]) => why === "unknown");
    const body = bodyOf(index);
    const entry = [hexOf(actionOf(index)), placeOutput(cacheDir, body), body.length, 1];
    check(await client.ask("put", 3, ...entry), ([kind]) => kind === "noted");
    check(await client.ask("used", 4, [hexOf(actionOf(index))]), ([kind]) => kind === "noted");
    await client.end();
  },
  brokenLink: async ({ plugin }, index) => {
    const client = await LinkClient.open(plugin, scopeOf(index));
    void client.ask("get", 1, hexOf(idOf(`unknown ${index}`))).catch(() => undefined);
    await client.breakOff();
  },
  silent: async ({ plugin }) => {
    const socket = await dial(plugin);
    socket.resume().end();
    await closed(socket);
  },
} satisfies Record<string, (load: SessionLoad, index: number) => Promise<void>>;

type Kind = keyof typeof RUN;

/** The number of sessions of each kind among twenty. */
const SHARES: Record<Kind, number> = {
  connect: 2,
  killedConnect: 1,
  bridge: 6,
  brokenBridge: 1,
  link: 8,
  brokenLink: 1,
  silent: 1,
};
const KINDS = Object.entries(SHARES).flatMap(([kind, share]) => Array<Kind>(share).fill(kind as Kind));

export class SessionLoad {
  readonly plugin: string;
  readonly cacheDir: string;
  readonly #cwd: string;

  constructor(options: { plugin: string; cacheDir: string; cwd: string }) {
    this.plugin = options.plugin;
    this.cacheDir = options.cacheDir;
    this.#cwd = options.cwd;
  }

  /** Runs the session of that number. Rejects when it gets a wrong answer. */
  async run(index: number): Promise<void> {
    const kind = KINDS[(index * 7) % KINDS.length] ?? "silent";
    try {
      await RUN[kind](this, index);
    } catch (cause) {
      throw new Error(`session ${index} (${kind})`, { cause });
    }
  }

  /** Removes the remote entries from the disk, as if they had been pruned. */
  forgetFar(): void {
    for (let index = 0; index < FAR_ENTRIES; index++) {
      const [action, output] = [hexOf(farActionOf(index)), sha256Hex(farBodyOf(index))];
      rmSync(join(this.cacheDir, "action", action.slice(0, 2), action), { force: true });
      rmSync(join(this.cacheDir, "output", output.slice(0, 2), output), { force: true });
    }
  }

  async connect(): Promise<CacheprogClient> {
    const env = plainEnv({ GOOS: "linux", GOARCH: "amd64", GOVERSION: "go1.27.4" });
    return await CacheprogClient.start({ args: ["connect", this.plugin], env, cwd: this.#cwd });
  }
}

/** Fills the bucket with the remote entries, from a machine that is removed afterwards. */
export async function fillFar(options: {
  cacheDir: string;
  flags: string[];
  env: Record<string, string>;
}): Promise<void> {
  await using server = await startPluginServer({ ...options, cwd: options.cacheDir });
  const client = await LinkClient.open(server.plugin);
  for (let index = 0; index < FAR_ENTRIES; index++) {
    const body = farBodyOf(index);
    await client.ask(
      "put",
      index,
      hexOf(farActionOf(index)),
      placeOutput(options.cacheDir, body),
      body.length,
      1,
    );
  }
  await client.end();
  check(await server.stop(), ({ exitCode }) => exitCode === 0);
}

function scopeOf(index: number): object {
  const branch = index % 3 === 0 ? `branch-${(index / 3) % BRANCHES}` : `busy-${index % 2}`;
  return { ...LINK_SCOPE, branch, fallbackBranches: ["main"] };
}

function actionOf(index: number): string {
  return idOf(`action ${index % ENTRIES}`);
}

function bodyOf(index: number): Buffer {
  const entry = index % ENTRIES;
  return Buffer.alloc(SIZE_STEP_BYTES * (1 + (entry % SIZES)), `output ${entry} `);
}

function farActionOf(index: number): string {
  return idOf(`far ${index}`);
}

function farBodyOf(index: number): Buffer {
  return Buffer.alloc(SIZE_STEP_BYTES * (1 + index), `far output ${index} `);
}

function check<T>(answer: T, isRight: (answer: T) => boolean): void {
  if (!isRight(answer)) throw new Error(`a wrong answer: ${JSON.stringify(answer)}`);
}
