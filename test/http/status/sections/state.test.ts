import { describe, expect, test } from "bun:test";
import type { BucketReport, StatusReport } from "../../../../src/http/status/report.ts";
import { stateSection } from "../../../../src/http/status/sections/state.ts";
import { NOW_MS, reportOf, textOf } from "../report-fixture.ts";

const BUCKET: BucketReport = {
  name: "builds",
  layout: "packed",
  readOnly: false,
  reads: undefined,
  writes: undefined,
  trouble: undefined,
};
const soon = { probeAtMs: NOW_MS + 14_000 };
const refused = "get action 1: connection refused";

describe("the state of a server", () => {
  test.each<[what: string, changes: Partial<StatusReport>, text: string]>([
    ["alone", {}, "Serving go commands on 127.0.0.1:5930, from this machine's disk alone."],
    [
      "with everything",
      { bucket: BUCKET, hasModules: true, proxiedHosts: [] },
      "Serving go commands on 127.0.0.1:5930, modules, and downloads, with the bucket builds.",
    ],
    [
      "whose bucket does not answer",
      { bucket: { ...BUCKET, reads: soon, writes: soon, trouble: refused } },
      `The bucket builds does not answer. Builds go on without it, and ask it again in 14 s. ${refused}`,
    ],
    [
      "whose bucket is asked again just now",
      { bucket: { ...BUCKET, reads: { probeAtMs: 0 }, trouble: refused } },
      `The bucket builds does not answer. Builds go on without it. ${refused}`,
    ],
    [
      "whose bucket takes nothing",
      { bucket: { ...BUCKET, writes: soon, trouble: "403 AccessDenied" } },
      "The bucket builds takes no uploads, and is asked again in 14 s. What waits is kept. 403 AccessDenied",
    ],
    [
      "that ends, whatever its bucket does",
      {
        bucket: { ...BUCKET, reads: soon, trouble: refused },
        gauges: [{ name: "draining", help: "", value: 1 }],
      },
      "The server is ending. What is left goes to the bucket; go commands carry on without it.",
    ],
  ])("%s", (_what, changes, text) => {
    expect(textOf(stateSection(reportOf(changes)))).toBe(
      `builder, process 4711, up for 1 min go-cache-plugin 0.1.0 ${text}`,
    );
  });
});
