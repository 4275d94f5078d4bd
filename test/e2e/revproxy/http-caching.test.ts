/** The field's own suite of HTTP caching, through the compiled proxy at its origin. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { runSuite, type SuiteTest, startSuiteOrigin } from "../../support/http-cache-suite.ts";
import { startProxyMachine } from "../../support/proxy-machine.ts";
import { tempDir } from "../../support/temp-dir.ts";

// A guard against hanging only.
setDefaultTimeout(120_000);

const NO_COOKIES = "a response with Set-Cookie is never kept: the cookie is for one client";
const OWN_ANSWER =
  "nothing stale is served, as it should be; the proxy's own 502 can't have the count of requests that the test looks for";
const NO_PARTS = "partial responses are passed on and not kept";

/** What is required or optimal and not passed, and why. Questions that the suite only asks are not in it. */
const EXPLAINED: Readonly<Record<string, string>> = {
  "age-parse-prefix": 'named as "should be stale", which it is; the test then expects the opposite',
  "stale-close-must-revalidate": OWN_ANSWER,
  "stale-close-proxy-revalidate": OWN_ANSWER,
  "stale-close-no-cache": OWN_ANSWER,
  "stale-close-s-maxage=2": OWN_ANSWER,
  "method-POST": "answers to POST are not kept",
  "vary-normalise-lang-order": "the order of languages means something to some servers",
  "vary-normalise-lang-select": "that a stored language would do for another request is not worked out",
  "conditional-lm-fresh-no-lm":
    "without Last-Modified the response's Date counts (RFC 9111 §4.3.2), and that is later than what the client has",
  "headers-store-Set-Cookie": NO_COOKIES,
  "headers-store-Transfer-Encoding": "a response in an unknown coding has no certain end, so it is not kept",
  "304-etag-update-response-Set-Cookie": NO_COOKIES,
  "other-set-cookie": NO_COOKIES,
  "partial-store-partial-reuse-partial": NO_PARTS,
  "partial-store-partial-reuse-partial-byterange": NO_PARTS,
  "partial-store-partial-reuse-partial-absent": NO_PARTS,
  "partial-store-partial-reuse-partial-suffix": NO_PARTS,
  "partial-store-partial-complete": NO_PARTS,
};

/** By group, questions included; README.md says so too. */
const PASSED = [
  "cc-freshness 21/21",
  "cc-parse 11/19",
  "age-parse 11/12",
  "expires 8/8",
  "expires-parse 5/16",
  "cc-response 10/12",
  "stale 3/10",
  "heuristic 24/27",
  "method 0/1",
  "status 37/37",
  "cc-request 12/12",
  "pragma 3/5",
  "vary 18/20",
  "vary-parse 7/7",
  "conditional-lm 4/5",
  "conditional-inm 12/21",
  "headers 28/30",
  "update304 20/21",
  "updateHEAD 3/5",
  "invalidation 16/16",
  "partial 5/10",
  "auth 4/4",
  "other 9/10",
];

test("passes all that the suite requires or thinks best, but for what is explained", async () => {
  await using dir = tempDir("suite");
  await using origin = await startSuiteOrigin();
  await using machine = await startProxyMachine({ dir: dir.path, hosts: [origin.host] });
  const { groups, results } = await runSuite(machine.address, origin.url);
  const tests = groups.flatMap((group) => group.tests);
  const isPassed = ({ id }: SuiteTest) => results[id] === true;
  const failed = tests.filter((one) => one.kind !== "check" && !isPassed(one)).map(({ id }) => id);
  expect(new Set(failed)).toEqual(new Set(Object.keys(EXPLAINED)));
  expect(tests.length).toBe(329);
  const passed = groups.map(({ id, tests: all }) => `${id} ${all.filter(isPassed).length}/${all.length}`);
  expect(passed).toEqual(PASSED);
});
