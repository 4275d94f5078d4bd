/** Requests in go's own bytes, and answers in the form of the table. */
import { readFileSync } from "node:fs";
import { extname, isAbsolute } from "node:path";
import type { Answer } from "../../support/cacheprog-answers.ts";
import { sha256Base64 } from "../../support/ids.ts";

/** 32 bytes of zero and of ones. */
export const A0 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
export const AF = "//////////////////////////////////////////8=";

/** The ids of `hello` and of the empty output. */
export const OH = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
export const OE = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

/** A put of `hello` in three parts; the white space between them may vary. */
export function putHello(id: number, options: { actionId?: string; between?: string; body?: string } = {}) {
  const object = `{"ID":${id},"Command":"put","ActionID":"${options.actionId ?? A0}","OutputID":"${OH}","BodySize":5}`;
  return `${object}${options.between ?? "\n\n"}${options.body ?? '"aGVsbG8="'}\n`;
}

export function getRequest(id: number, actionId = A0): string {
  return `{"ID":${id},"Command":"get","ActionID":"${actionId}"}\n\n`;
}

export function closeRequest(id: number): string {
  return `{"ID":${id},"Command":"close"}\n\n`;
}

/** An answer in comparable form: `DiskPath` is the file's text, a `Time` since the tests began is `now`. */
export function seen(answer: Answer): Answer {
  const comparable = { ...answer };
  if (answer.DiskPath !== undefined) comparable.DiskPath = textOf(answer.DiskPath);
  if (answer.Time !== undefined && isRecent(answer.Time)) comparable.Time = "now";
  return comparable;
}

/** The comparable form of the answer to a put of `text`, or of a hit on it. */
export function hit(id: number, text = "hello", time = "now"): Answer {
  return { ID: id, OutputID: sha256Base64(text), Size: text.length, Time: time, DiskPath: text };
}

export function miss(id: number): Answer {
  return { ID: id, Miss: true };
}

function textOf(path: string): string {
  if (!isAbsolute(path) || extname(path) !== "") throw new Error(`not a DiskPath for go: ${path}`);
  return readFileSync(path, "utf8");
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Before the first put: a second earlier, because a file system's clock is coarse. */
const BEGINNING_MS = Date.now() - 1000;

/** Whether it is a time of this run of the tests. */
function isRecent(time: string): boolean {
  if (!RFC_3339.test(time)) throw new Error(`not a time for go: ${time}`);
  return Date.parse(time) >= BEGINNING_MS && Date.parse(time) <= Date.now();
}
