import { expect, spyOn, test } from "bun:test";
import { FaultProxy } from "./fault-proxy.ts";
import { type Fault, htmlPage, s3Error } from "./faults.ts";

const BODY = "0123456789".repeat(1000);

/** A plain origin that answers every GET with BODY and echoes every other body. */
function startOrigin() {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const host = request.headers.get("host") ?? "";
      const body = request.method === "GET" ? BODY : await request.bytes();
      return new Response(body, { headers: { "x-host": host, etag: '"real"' } });
    },
  });
  return { endpoint: `http://127.0.0.1:${server.port}`, [Symbol.asyncDispose]: () => server.stop(true) };
}

async function through(fault: Fault | undefined, init?: RequestInit): Promise<string> {
  await using origin = startOrigin();
  await using proxy = await FaultProxy.start({ target: origin.endpoint });
  if (fault !== undefined) proxy.fail(() => true, fault);
  try {
    const response = await fetch(`${proxy.endpoint}/some%20key`, init ?? {});
    return `${response.status} ${response.headers.get("etag")} ${await response.text()}`;
  } catch (error) {
    return (error as Error).name === "TimeoutError" ? "timed out" : "failed";
  }
}

test("tears down a connection at once, and in the middle of a body", async () => {
  expect(await through({ kind: "reset" })).toBe("failed");
  expect(await through({ kind: "reset-in-body", afterBytes: 100 })).toBe("failed");
});

test("hangs before an answer and inside one until the client gives up", async () => {
  const init = () => ({ signal: AbortSignal.timeout(100) });
  expect(await through({ kind: "hang" }, init())).toBe("timed out");
  expect(await through({ kind: "hang-in-body", afterBytes: 100 }, init())).toBe("timed out");
});

test("answers in place of the server", async () => {
  expect(await through(s3Error(503))).toContain("503 null <?xml");
  expect(await through(htmlPage())).toContain("200 null <!doctype html>");
});

test("cuts a body short against its promised length, with a matching one and with none", async () => {
  const cut = (promised: "all" | "what-comes" | "nothing") =>
    through({ kind: "truncate", afterBytes: 100, promised });
  expect(await cut("all")).toBe("failed");
  expect(await cut("what-comes")).toBe(`200 "real" ${BODY.slice(0, 100)}`);
  expect(await cut("nothing")).toBe(`200 "real" ${BODY.slice(0, 100)}`);
});

test("changes one byte of a body, or its ETag, and drips", async () => {
  expect(await through({ kind: "flip", atByte: 9000 })).not.toBe(`200 "real" ${BODY}`);
  expect(await through({ kind: "header", name: "ETag", value: '"wrong"' })).toBe(`200 "wrong" ${BODY}`);
  expect(await through({ kind: "drip", bytes: 5000, everyMs: 1 })).toBe(`200 "real" ${BODY}`);
});

test("breaks off at a share of a body, a request's where it has one", async () => {
  const half = BODY.slice(0, BODY.length / 2);
  expect(await through({ kind: "truncate", afterShare: 0.5, promised: "what-comes" })).toBe(
    `200 "real" ${half}`,
  );
  const put = { method: "PUT", body: BODY };
  expect(await through({ kind: "reset-in-body", afterShare: 0.99 }, put)).toBe("failed");
  const flipped = await through({ kind: "flip", atShare: 0 }, put);
  expect(flipped).toBe(`200 "real" ${String.fromCharCode(0x30 ^ 0x20)}${BODY.slice(1)}`);
  const signal = AbortSignal.timeout(100);
  expect(await through({ kind: "hang-in-body", afterShare: 0.5 }, { ...put, signal })).toBe("timed out");
});

test("sends a body twice, and answers that belong to the request before", async () => {
  expect(await through({ kind: "double" })).toBe(`200 "real" ${BODY}${BODY}`);
  await using origin = startOrigin();
  await using proxy = await FaultProxy.start({ target: origin.endpoint });
  proxy.fail(() => true, { kind: "late" });
  const echo = async (body: string) => await (await fetch(proxy.endpoint, { method: "PUT", body })).text();
  expect([await echo("one"), await echo("two"), await echo("three")]).toEqual(["one", "one", "two"]);
});

test("refuses connections from a request on", async () => {
  await using origin = startOrigin();
  await using proxy = await FaultProxy.start({ target: origin.endpoint });
  proxy.fail(({ path }) => path === "/last", { kind: "refuse" });
  expect((await fetch(proxy.endpoint)).status).toBe(200);
  await expect(fetch(`${proxy.endpoint}/last`)).rejects.toThrow();
  await expect(fetch(proxy.endpoint)).rejects.toThrow("ECONNREFUSED");
});

test("is refused while it does not listen and serves again afterwards", async () => {
  await using origin = startOrigin();
  await using proxy = await FaultProxy.start({ target: origin.endpoint });
  await proxy.refuse();
  await expect(fetch(proxy.endpoint)).rejects.toThrow("ECONNREFUSED");
  await proxy.accept();
  expect((await fetch(proxy.endpoint)).status).toBe(200);
});

test("forwards large bodies in both directions, keeps the Host header and connections, and counts", async () => {
  await using origin = startOrigin();
  await using proxy = await FaultProxy.start({ target: origin.endpoint });
  const large = new Uint8Array(5_000_000).fill(7);
  for (let round = 0; round < 3; round++) {
    const key = "bucket/team/packed/v1/run/linux/key";
    const response = await fetch(`${proxy.endpoint}/${key}`, { method: "PUT", body: large });
    expect(response.headers.get("x-host")).toBe(new URL(proxy.endpoint).host);
    expect(Buffer.from(await response.arrayBuffer()).equals(large)).toBe(true);
  }
  expect(proxy.counts).toEqual({
    connections: 1,
    requests: 3,
    byMethod: { PUT: 3 },
    bytesUp: 15_000_000,
    bytesDown: 15_000_000,
    upByFolder: { run: 15_000_000 },
    downByFolder: { run: 15_000_000 },
  });
});

test("delays a new connection and each request by the latency", async () => {
  await using origin = startOrigin();
  await using proxy = await FaultProxy.start({ target: origin.endpoint, latencyMs: 40 });
  using sleep = spyOn(Bun, "sleep");
  const slept = async () => {
    sleep.mockClear();
    await (await fetch(proxy.endpoint)).text();
    return sleep.mock.calls.map(([ms]) => ms);
  };
  expect([await slept(), await slept()]).toEqual([[40, 40], [40]]);
});
