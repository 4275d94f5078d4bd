import { expect, test } from "bun:test";
import { abortable } from "../../../src/lib/async/abortable.ts";
import { rejection } from "../../support/rejection.ts";

const never = new Promise<never>(() => {});
const reason = new Error("enough");

test("rejects with the reason of a signal that was aborted before", async () => {
  expect(await rejection(abortable(never, AbortSignal.abort(reason)))).toBe(reason);
});

test("rejects with the reason of a signal that is aborted meanwhile", async () => {
  const controller = new AbortController();
  const result = rejection(abortable(never, controller.signal));
  controller.abort(reason);
  expect(await result).toBe(reason);
});

test("settles as the promise does", async () => {
  const { signal } = new AbortController();
  expect(await abortable(Promise.resolve(1), signal)).toBe(1);
  expect(await abortable(Promise.resolve(2), undefined)).toBe(2);
  expect(await rejection(abortable(Promise.reject(reason), signal))).toBe(reason);
});
