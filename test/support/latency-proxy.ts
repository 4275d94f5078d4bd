/**
 * The fault proxy as a separate process, to measure the cost of a distant server:
 *
 *     bun test/support/latency-proxy.ts --target=http://127.0.0.1:7070 [--latency-ms=50] [--connection-trips=N]
 *         [--bytes-per-second=N] [--hang]
 *
 * Prints `{"port":N,"controlPort":M}` when it listens. `GET /counts` on the control port answers with the counts as
 * JSON (`ProxyCounts`, where the GETs that list a bucket count as `LIST`), `POST /reset` with the counts so far and
 * resets them. With `--hang` requests are read and never answered. Ends when stdin does.
 */
import { parseArgs } from "node:util";
import { FaultProxy, type ProxyCounts } from "./fault-proxy.ts";
import { operationOf } from "./faults.ts";

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    "latency-ms": { type: "string", default: "0" },
    "connection-trips": { type: "string", default: "1" },
    "bytes-per-second": { type: "string" },
    hang: { type: "boolean", default: false },
  },
});
if (values.target === undefined) throw new Error("--target=http://host:port is needed");
const bytesPerSecond = values["bytes-per-second"];
const proxy = await FaultProxy.start({
  target: values.target,
  latencyMs: Number(values["latency-ms"]),
  connectionTrips: Number(values["connection-trips"]),
  ...(bytesPerSecond === undefined ? {} : { bytesPerSecond: Number(bytesPerSecond) }),
});
if (values.hang) proxy.fail(() => true, { kind: "hang" });
const control = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request) {
    const counts = Response.json(countsWithListings());
    if (request.method === "POST") proxy.resetCounts();
    return counts;
  },
});
console.log(JSON.stringify({ port: proxy.port, controlPort: control.port }));
for await (const _ of Bun.stdin.stream());
await proxy[Symbol.asyncDispose]();
await control.stop(true);
process.exit(0);

function countsWithListings(): ProxyCounts {
  const lists = proxy.seen.filter((request) => operationOf(request) === "list").length;
  const { GET = 0, ...others } = proxy.counts.byMethod;
  return { ...proxy.counts, byMethod: { ...others, GET: GET - lists, LIST: lists } };
}
