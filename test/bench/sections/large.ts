import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { formatByteSize } from "../../../src/lib/text/byte-size.ts";
import { CacheprogClient } from "../../support/cacheprog-client.ts";
import { metricsOf } from "../../support/go-toolchain.ts";
import { idOf } from "../../support/ids.ts";
import { markdownTable } from "../../support/markdown-table.ts";
import { plainEnv, run } from "../../support/process.ts";
import type { BenchContext } from "../context.ts";
import { openLine } from "../line.ts";
import { bucketFlags, type Layout } from "../machines.ts";
import { formatSeconds } from "../tables.ts";

const MIB = 1 << 20;
const BODY_MIB = 600;
/** A multiple of three, so that the pieces' base64 is that of the whole. */
const PIECE_BYTES = 3 * MIB;
/** Does not collide with the client's own ids. */
const PUT_ID = 1000;

interface Body {
  path: string;
  outputId: string;
}

/** A body of hundreds of megabytes that does not compress. */
export async function benchLarge(context: BenchContext): Promise<string> {
  const body = await randomBody(context.dir.join("body"));
  const rows = [...(await largeRows(context, body, "packed")), ...(await largeRows(context, body, "split"))];
  return markdownTable(
    [`a body of ${BODY_MIB} MiB`, "wall", "GET", "LIST", "PUT", "received", "sent", "peak memory"],
    rows,
  );
}

async function largeRows(context: BenchContext, body: Body, layout: Layout): Promise<string[][]> {
  const { dir, server } = context;
  await using line = await openLine(server, { latencyMs: 0 });
  const flags = bucketFlags(context, { prefix: "large", layout, endpoint: line.endpoint });
  const session = async (label: string, work: (client: CacheprogClient) => Promise<void>) => {
    const cacheDir = dir.join("large-cache");
    await using client = await CacheprogClient.start({
      args: [`--cache-dir=${cacheDir}`, ...flags, "--metrics=json"],
      env: plainEnv(server.env),
      cwd: dir.path,
    });
    await line.takeTraffic();
    const startedMs = performance.now();
    await work(client);
    const elapsed = formatSeconds((performance.now() - startedMs) / 1000);
    const { stderr } = await client.ended();
    const { get, list, put, receivedBytes, sentBytes } = await line.takeTraffic();
    await rm(cacheDir, { recursive: true });
    return [
      label,
      elapsed,
      ...[get, list, put].map(String),
      ...[receivedBytes, sentBytes, metricsOf({ stderr }).peak_memory_bytes ?? 0].map(formatByteSize),
    ];
  };
  return [
    await session(`${layout}: put, uploaded, closed`, async (client) => {
      await putBody(client, body);
      await client.close();
    }),
    await session(`${layout}: fetched by another machine`, async (client) => {
      const { OutputID } = await client.get(idOf("large"));
      if (OutputID !== body.outputId) throw new Error("the lookup did not return the body");
      await client.close();
    }),
  ];
}

async function putBody(client: CacheprogClient, { path, outputId }: Body): Promise<void> {
  const answer = client.answer(PUT_ID);
  const head = { ID: PUT_ID, Command: "put", ActionID: idOf("large"), OutputID: outputId };
  await client.send(`${JSON.stringify({ ...head, BodySize: BODY_MIB * MIB })}\n\n"`);
  for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES }))
    await client.send((piece as Buffer).toString("base64"));
  await client.send('"\n');
  await answer;
}

async function randomBody(path: string): Promise<Body> {
  await run(["dd", "if=/dev/urandom", `of=${path}`, "bs=1M", `count=${BODY_MIB}`]);
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const piece of createReadStream(path)) hasher.update(piece as Buffer);
  return { path, outputId: hasher.digest("base64") };
}
