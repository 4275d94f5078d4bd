import { describe, expect, test } from "bun:test";
import {
  decide,
  decideAnswer,
  decideCheck,
  decideUpdate,
  mayJoin,
  mayServeStale,
} from "../../../src/revproxy/exchange/decide.ts";
import type { HeaderList } from "../../../src/revproxy/semantics/header-list.ts";
import { variantOf } from "../../../src/revproxy/semantics/vary.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const ETAG = ["ETag", '"x"'] as const;
const FRESH = head([["Cache-Control", "max-age=60"], ETAG]);
const STALE = head([["Cache-Control", "max-age=60, stale-if-error=600"], ETAG], NOW_MS - 300_000);

function request(headers: HeaderList = [], method = "GET") {
  return { method, headers, hasContent: false };
}

function head(headers: HeaderList, receivedMs = NOW_MS, status = 200) {
  return { status, headers, requestedMs: receivedMs, receivedMs, isDelimited: true };
}

function cacheControl(value: string): HeaderList {
  return [["Cache-Control", value]];
}

describe("a request", () => {
  test("is forwarded when it can't be answered from a cache", () => {
    const requests = [
      request([], "POST"),
      request([["If-Match", '"x"']]),
      request(cacheControl("no-store")),
      { ...request(), hasContent: true },
    ];
    expect(requests.map((one) => decide(one, FRESH, NOW_MS))).toEqual(Array(4).fill({ action: "forward" }));
  });

  test("is served from a fresh response, HEAD and parts too", () => {
    const requests = [request(), request([], "HEAD"), request([["Range", "bytes=0-1"]])];
    expect(requests.map((one) => decide(one, FRESH, NOW_MS))).toEqual(Array(3).fill({ action: "serve" }));
  });

  test("revalidates a stale response, and may join another request that does", () => {
    const conditions: HeaderList = [["If-None-Match", '"x"']];
    expect(decide(request([["If-None-Match", '"old"']]), STALE, NOW_MS)).toEqual({
      action: "fetch",
      headers: conditions,
      collapse: "join",
    });
  });

  test("is not served from a response of another client's own", () => {
    const personal = request([["Authorization", "Bearer a"]]);
    expect(decide(personal, FRESH, NOW_MS)).toMatchObject({ action: "fetch" });
  });

  test("is refused when only a stored response will do and there is none that may be used", () => {
    const only = request(cacheControl("only-if-cached"));
    expect([undefined, STALE].map((stored) => decide(only, stored, NOW_MS).action)).toEqual(
      Array(2).fill("refuse"),
    );
    expect(decide(only, FRESH, NOW_MS).action).toBe("serve");
  });

  test("for the head only checks what is stored, for a part bypasses the cache", () => {
    expect(decide(request([], "HEAD"), STALE, NOW_MS)).toEqual({ action: "check" });
    expect(decide(request([["Range", "bytes=0-1"]]), STALE, NOW_MS)).toEqual({
      action: "forward",
      outcome: "fetch, uncached",
    });
  });

  test("joins no other when it wants the origin's own answer, and is alone with its own conditions", () => {
    const collapse = (headers: HeaderList) => {
      const decision = decide(request(headers), undefined, NOW_MS);
      return decision.action === "fetch" ? decision.collapse : undefined;
    };
    expect([
      collapse([]),
      collapse(cacheControl("no-cache")),
      collapse(cacheControl("max-age=0")),
      collapse([["If-None-Match", '"old"']]),
    ]).toEqual(["join", "lead", "lead", "alone"]);
  });

  test("joins only an answer that was chosen for the same fields, and that may be shared", () => {
    const names = ["accept"];
    const of = (accept: string): HeaderList => [["Accept", accept]];
    const answer = { headers: [["Vary", "Accept"]] as const };
    const flight = { names, variant: variantOf(names, of("text/html")), answer };
    expect([
      mayJoin(request(of("text/html")), flight),
      mayJoin(request(of("text/plain")), flight),
      mayJoin(request([...of("text/html"), ["Cookie", "a=b"]]), flight),
    ]).toEqual([true, false, false]);
  });
});

describe("an answer", () => {
  const limits = { nowMs: NOW_MS, maxBodyBytes: 100 };
  const decided = (stored: typeof FRESH | undefined, answer: typeof FRESH) =>
    decideAnswer(request(), stored, answer, limits);

  test("304 confirms what is stored, and is passed on where nothing is", () => {
    const notModified = head([], NOW_MS, 304);
    expect(decided(STALE, notModified)).toEqual({ action: "revalidated" });
    expect(decided(undefined, notModified)).toEqual({ action: "pass" });
  });

  test("5xx is replaced by a stale response that allows it", () => {
    const error = head([], NOW_MS, 503);
    expect(decided(STALE, error)).toEqual({ action: "stale" });
    expect(decided(FRESH, error)).toEqual({ action: "pass" });
    const strict = head([["Cache-Control", "max-age=60, must-revalidate"]], NOW_MS - 300_000);
    expect(decided(strict, error)).toEqual({ action: "pass" });
  });

  test("is stored for long or short, with the fields that it was chosen by", () => {
    const long = head([
      ["Cache-Control", "max-age=86400"],
      ["Vary", "Accept"],
    ]);
    expect(decided(undefined, long)).toEqual({ action: "store", retention: "long", names: ["accept"] });
    expect(decided(undefined, FRESH)).toEqual({ action: "store", retention: "short", names: [] });
  });

  test("is passed on when it is too large, has no clear end, or may not be stored", () => {
    const answers = [
      head([...FRESH.headers, ["Content-Length", "101"]]),
      { ...FRESH, isDelimited: false },
      head(cacheControl("no-store")),
      head([...FRESH.headers, ["Vary", "*"]]),
    ];
    expect(answers.map((answer) => decided(undefined, answer))).toEqual(Array(4).fill({ action: "pass" }));
  });

  test("to a HEAD updates what is stored, or removes it if it differs and is for everybody", () => {
    const other = head([["ETag", '"y"']]);
    const personal = request([["Cookie", "a=b"]], "HEAD");
    expect([
      decideCheck(request([], "HEAD"), STALE, FRESH),
      decideCheck(request([], "HEAD"), STALE, other),
      decideCheck(personal, STALE, other),
      decideCheck(request([], "HEAD"), STALE, head([], NOW_MS, 404)),
    ]).toEqual(["update", "remove", "nothing", "nothing"]);
  });
});

describe("a stored response", () => {
  test("takes the fields of the answer that confirms it, but no cookies", () => {
    const answer = head([
      ["Cache-Control", "public, max-age=86400"],
      ["Set-Cookie", "a=b"],
    ]);
    const { head: fresh, retention, isForbidden } = decideUpdate(request(), STALE, answer, NOW_MS);
    expect(fresh.headers).toEqual([ETAG, ["Cache-Control", "public, max-age=86400"]]);
    expect([retention, isForbidden]).toEqual(["long", false]);
  });

  test("is not stored again where the answer forbids it, nor removed for one client's own answer", () => {
    const answer = head(cacheControl("no-store"));
    const update = (headers: HeaderList) => {
      const { retention, isForbidden } = decideUpdate(request(headers), STALE, answer, NOW_MS);
      return [retention, isForbidden];
    };
    expect([update([]), update([["Cookie", "a=b"]])]).toEqual([
      [undefined, true],
      [undefined, false],
    ]);
  });

  test("is served stale to nobody whose answer may be personal", () => {
    expect([
      mayServeStale(request(), STALE, NOW_MS, "unreachable"),
      mayServeStale(request([["Cookie", "a=b"]]), STALE, NOW_MS, "unreachable"),
    ]).toEqual([true, false]);
  });
});
