import { describe, expect, test } from "bun:test";
import { exactStream } from "../../../src/lib/bytes/exact-stream.ts";
import { rejection } from "../../support/rejection.ts";

/** A source of `chunks`, and whether it was cancelled. */
function sourceOf(chunks: string[], end: "close" | "error" | "never" = "close") {
  const left = [...chunks];
  const state = { isCancelled: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = left.shift();
        if (chunk !== undefined) controller.enqueue(new TextEncoder().encode(chunk));
        else if (end === "close") controller.close();
        else if (end === "error") controller.error(new Error("broken"));
        else return new Promise(() => {});
        return undefined;
      },
      cancel() {
        state.isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, state };
}

const onFailure = (bytes: number, cause: unknown) => new Error(`failed after ${bytes}`, { cause });

async function textOf(chunks: string[], options: { skipBytes?: number; takeBytes: number }): Promise<string> {
  return await new Response(exactStream(sourceOf(chunks).stream, { ...options, onFailure })).text();
}

describe("an exact stream errors", () => {
  test("when its source ends early", async () => {
    expect(await rejection(textOf(["abc", "d"], { takeBytes: 5 }))).toMatchObject({
      message: "failed after 4",
    });
  });

  test("when its source ends before what is skipped", async () => {
    const error = await rejection(textOf(["abc"], { skipBytes: 4, takeBytes: 1 }));
    expect(error).toMatchObject({ message: "failed after 0", cause: undefined });
  });

  test("when its source does, and keeps that as the cause", async () => {
    const stream = exactStream(sourceOf(["abc"], "error").stream, { takeBytes: 5, onFailure });
    expect(await rejection(new Response(stream).text())).toMatchObject({ cause: { message: "broken" } });
  });
});

describe("an exact stream yields", () => {
  test.each([
    [["abc", "def"], 0, 6, "abcdef"],
    [["abc", "def"], 2, 2, "cd"],
    [["abc", "def"], 3, 3, "def"],
    [["abc", "def"], 4, 1, "e"],
    [["", "abc", ""], 0, 3, "abc"],
    [["abc"], 0, 0, ""],
    [[], 0, 0, ""],
  ])("of %j after %d bytes the next %d: %p", async (chunks, skipBytes, takeBytes, expected) => {
    expect(await textOf(chunks, { skipBytes, takeBytes })).toBe(expected);
  });
});

test("cancels a source that has more to say", async () => {
  const { stream, state } = sourceOf(["abc", "def", "ghi"], "never");
  await new Response(exactStream(stream, { takeBytes: 4, onFailure })).text();
  expect(state.isCancelled).toBe(true);
});

test("cancels its source when it is cancelled, also while it waits for it", async () => {
  const { stream, state } = sourceOf([], "never");
  const reader = exactStream(stream, { takeBytes: 4, onFailure }).getReader();
  const reading = reader.read();
  await reader.cancel();
  expect([state.isCancelled, (await reading).done]).toEqual([true, true]);
});

test("tells the bytes that came, left out or not", async () => {
  const counts: number[] = [];
  const onBytes = (count: number) => counts.push(count);
  await new Response(
    exactStream(sourceOf(["abc", "def"]).stream, { skipBytes: 3, takeBytes: 3, onBytes, onFailure }),
  ).text();
  expect(counts).toEqual([3, 3]);
});
