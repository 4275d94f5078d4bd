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
    ["alone", {}, "Serving go commands on 127.0.0.1:5930, from this machine's disk only."],
    [
      "with everything",
      { bucket: BUCKET, hasModules: true, proxiedHosts: [] },
      "Serving go commands on 127.0.0.1:5930, modules, and downloads, with the bucket builds.",
    ],
    [
      "whose bucket does not answer",
      { bucket: { ...BUCKET, reads: soon, writes: soon, trouble: refused } },
      `The bucket builds does not answer. Builds continue without it; next probe in 14 s. ${refused}`,
    ],
    [
      "whose bucket is probed at the moment",
      { bucket: { ...BUCKET, reads: { probeAtMs: 0 }, trouble: refused } },
      `The bucket builds does not answer. Builds continue without it. ${refused}`,
    ],
    [
      "whose bucket accepts no uploads",
      { bucket: { ...BUCKET, writes: soon, trouble: "403 AccessDenied" } },
      "The bucket builds accepts no uploads; next probe in 14 s. Waiting uploads are kept. 403 AccessDenied",
    ],
    [
      "that shuts down, whatever its bucket does",
      {
        bucket: { ...BUCKET, reads: soon, trouble: refused },
        gauges: [{ name: "draining", help: "", value: 1 }],
      },
      "The server is shutting down. It uploads what is left; go commands continue without it.",
    ],
  ])("%s", (_what, changes, text) => {
    expect(textOf(stateSection(reportOf(changes)))).toBe(
      `builder, process 4711, up for 1 min go-cache-plugin 0.1.0 ${text}`,
    );
  });
});
