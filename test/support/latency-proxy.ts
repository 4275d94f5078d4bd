/**
 * The fault proxy as a process of its own, for measuring what a far server costs:
 *
 *     bun test/support/latency-proxy.ts --target=http://127.0.0.1:7070 --latency-ms=50 [--bytes-per-second=N]
 *
 * Prints `{"port":N,"controlPort":M}` when it listens. `GET /counts` on the control port answers with the counts
 * as JSON, `POST /reset` with the counts so far and starts them anew. Ends when stdin does.
 */
import { parseArgs } from "node:util";
import { FaultProxy } from "./fault-proxy.ts";

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    "latency-ms": { type: "string", default: "0" },
    "bytes-per-second": { type: "string" },
  },
});
if (values.target === undefined) throw new Error("--target=http://host:port is needed");
const bytesPerSecond = values["bytes-per-second"];
const proxy = await FaultProxy.start({
  target: values.target,
  latencyMs: Number(values["latency-ms"]),
  ...(bytesPerSecond === undefined ? {} : { bytesPerSecond: Number(bytesPerSecond) }),
});
const control = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request) {
    const counts = Response.json(proxy.counts);
    if (request.method === "POST") proxy.resetCounts();
    return counts;
  },
});
console.log(JSON.stringify({ port: proxy.port, controlPort: control.port }));
for await (const _ of Bun.stdin.stream());
await proxy[Symbol.asyncDispose]();
await control.stop(true);
process.exit(0);
