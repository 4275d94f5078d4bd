import { expect, test } from "bun:test";
import { downloadCache } from "../../../../src/http/status/sections/proxies.ts";
import { reportOf, textOf } from "../report-fixture.ts";

test("counts what failed in connections, in keeping and in uploads", () => {
  const counters = {
    rev_rsp_save_error: 1,
    rev_rsp_push_error: 20,
    proxy_proxy_conn_error: 300,
    proxy_fwd_conn_error: 4_000,
  };
  expect(textOf(downloadCache(reportOf({ proxiedHosts: ["example.com"], counters })))).toContain(
    "Failures 4,321",
  );
});
