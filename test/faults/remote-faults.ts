/** Faults between the executable and the bucket. */
import { FaultProxy } from "../support/fault-proxy.ts";
import { type Fault, htmlPage, operationOf, type SeenRequest, s3Error } from "../support/faults.ts";
import { startS3Server } from "../support/s3-server.ts";
import type { Random } from "./random.ts";
import type { Stage } from "./stage.ts";

/** The requests that a fault affects. `any`: all of them; `content`: those for outputs, from the first one on. */
export type Operation = "get" | "put" | "list" | "any" | "content";

/** A route to the bucket with a fault. */
interface BadLine extends AsyncDisposable {
  endpoint: string;
  /** Whether the fault has affected a request yet. */
  hasStruck(): boolean;
}

export interface RemoteFault {
  name: string;
  /** `any`: it affects every request. */
  on: readonly Operation[];
  open(stage: Pick<Stage, "s3">, operation: Operation, random: Random): Promise<BadLine>;
}

const ALL = ["get", "put", "list"] as const;
const READS = ["get", "list"] as const;
const HOUR_MS = 3_600_000;

export const REMOTE_FAULTS: RemoteFault[] = [
  proxied("connection refused", ALL, () => ({ kind: "refuse" })),
  proxied("reset at 0 %", ALL, () => ({ kind: "reset" })),
  proxied("reset at 50 %", ALL, () => ({ kind: "reset-in-body", afterShare: 0.5 })),
  proxied("reset at 99 %", ALL, () => ({ kind: "reset-in-body", afterShare: 0.99 })),
  proxied("hangs before the answer", ALL, () => ({ kind: "hang" })),
  proxied("hangs in the body", ALL, (random) => ({ kind: "hang-in-body", afterShare: random() })),
  proxied("1 KB/s", ALL, () => ({ kind: "drip", bytes: 50, everyMs: 50 })),
  proxied("403", ALL, () => s3Error(403)),
  proxied("404 for all", ALL, () => s3Error(404)),
  proxied("500", ALL, () => s3Error(500)),
  proxied("503 SlowDown", ALL, () => s3Error(503)),
  proxied("HTML instead of XML", ALL, () => htmlPage()),
  proxied("cut short, all of it promised", READS, (random) => truncated(random, "all")),
  proxied("cut short, length to match", READS, (random) => truncated(random, "what-comes")),
  proxied("cut short, without a length", READS, (random) => truncated(random, "nothing")),
  proxied("a bit flipped", ALL, (random) => ({ kind: "flip", atShare: random() })),
  proxied("bodies doubled", READS, () => ({ kind: "double" })),
  proxied("bodies in the wrong order", ["get"], () => ({ kind: "late" }), isContent),
  proxied("wrong ETag", ["get", "put"], () => ({ kind: "header", name: "ETag", value: '"wrong"' })),
  proxied("412 for ever", ["put"], () => s3Error(412)),
  proxied("clock skew, refused", ALL, () => s3Error(403, "RequestTimeTooSkewed", { Date: inAnHour() })),
  proxied("clock skew, Date alone", ALL, () => ({ kind: "header", name: "Date", value: inAnHour() })),
  proxied("credentials expire", ALL, () => s3Error(400, "ExpiredToken")),
  elsewhere("no such host", async () => ({ endpoint: "http://bucket.invalid:9000", part: undefined })),
  elsewhere("certificate not trusted", async () => {
    const part = await startS3Server({ tls: true });
    return { endpoint: part.endpoint, part };
  }),
  elsewhere("no TLS there", async ({ s3 }) => {
    const part = await FaultProxy.start({ target: s3.endpoint });
    return { endpoint: `https://127.0.0.1:${part.port}`, part };
  }),
];

/** The maximum number of requests of each kind that succeed before the fault begins. */
const MOST_GOOD = { get: 2, put: 1, list: 0, any: 2, content: 0 };

/** A request for outputs; records of the split layout do not say what they are for. */
function isContent({ path }: SeenRequest): boolean {
  return /\/(pack|output)\//.test(path);
}

function isOf(operation: Operation, request: SeenRequest): boolean {
  if (operation === "content") return isContent(request);
  return operation === "any" || operationOf(request) === operation;
}

/** A fault of some of the requests through a proxy, among those that `concerns` selects. */
function proxied(
  name: string,
  on: readonly Operation[],
  make: (random: Random) => Fault,
  concerns: (request: SeenRequest) => boolean = () => true,
): RemoteFault {
  return {
    name,
    on,
    async open({ s3 }, operation, random) {
      const proxy = await FaultProxy.start({ target: s3.endpoint });
      let good = Math.floor(random() * (MOST_GOOD[operation] + 1));
      let struck = false;
      const strikes = (request: SeenRequest) => {
        if (!isOf(operation, request) || !concerns(request)) return false;
        struck ||= good === 0;
        return good-- <= 0;
      };
      proxy.fail(strikes, make(random));
      return {
        endpoint: proxy.endpoint,
        hasStruck: () => struck,
        [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
      };
    },
  };
}

/** An address without a bucket, and what is there instead. */
function elsewhere(
  name: string,
  find: (stage: Pick<Stage, "s3">) => Promise<{ endpoint: string; part: AsyncDisposable | undefined }>,
): RemoteFault {
  return {
    name,
    on: ["any"],
    async open(stage) {
      const { endpoint, part } = await find(stage);
      return {
        endpoint,
        hasStruck: () => true,
        [Symbol.asyncDispose]: async () => await part?.[Symbol.asyncDispose](),
      };
    },
  };
}

function truncated(random: Random, promised: "all" | "what-comes" | "nothing"): Fault {
  return { kind: "truncate", afterShare: random(), promised };
}

function inAnHour(): string {
  return new Date(Date.now() + HOUR_MS).toUTCString();
}
