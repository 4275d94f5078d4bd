import { expect } from "bun:test";
import { truncateSync, unlinkSync } from "node:fs";
import { type Case, FAILS_WITH_A_MESSAGE } from "./case.ts";
import { A0, AF, closeRequest, getRequest, hit, miss, OE, OH, putHello } from "./messages.ts";

const AN_ERROR = expect.stringMatching(/./) as unknown as string;

const TWO_PUTS_AND_A_CLOSE = putHello(1) + putHello(2, { actionId: AF }) + closeRequest(3);
const THEIR_ANSWERS = [hit(1), hit(2), { ID: 3 }];

/** A put with a body that contradicts its object. */
function mismatchedPut(bodySize: number, body: string): string {
  return `{"ID":1,"Command":"put","ActionID":"${A0}","OutputID":"${OH}","BodySize":${bodySize}}\n\n${body}\n`;
}

/** Cases of bytes in and answers out. */
export const MESSAGE_CASES: Case[] = [
  {
    behaves: "fails with a message when the input ends inside a request",
    steps: [{ send: '{"ID":1,' }],
    ends: FAILS_WITH_A_MESSAGE,
    leaves: [],
  },
  {
    behaves: "fails with a message when the input is not a request",
    steps: [{ send: "nonsense\n" }],
    ends: FAILS_WITH_A_MESSAGE,
  },
  {
    behaves: "stores nothing of a put that ends inside its body",
    steps: [{ send: putHello(1).slice(0, putHello(1).indexOf("aGVs") + 4) }],
    ends: FAILS_WITH_A_MESSAGE,
    leaves: [],
  },
  ...[
    { why: "shorter than its size", put: mismatchedPut(6, '"aGVsbG8="') },
    { why: "longer than its size", put: mismatchedPut(4, '"aGVsbG8="') },
    { why: "no base64", put: mismatchedPut(2, '"a*b="') },
    { why: "cut inside a group of four", put: mismatchedPut(5, '"aGVsbG8"') },
    { why: "padded in the middle", put: mismatchedPut(5, '"aG==bG8="') },
  ].map(
    ({ why, put }): Case => ({
      behaves: `stores nothing of a body that is ${why}, and continues`,
      steps: [{ send: put + getRequest(2), expect: [{ ID: 1, Err: AN_ERROR }, miss(2)] }],
      leaves: [],
    }),
  ),
  {
    behaves: "stores nothing of a body that is not a string",
    steps: [{ send: mismatchedPut(3, "123") }],
    ends: FAILS_WITH_A_MESSAGE,
    leaves: [],
  },
  {
    behaves: "answers an unknown command with an error and continues",
    steps: [
      { send: '{"ID":1,"Command":"frob","X":[1]}\n\n', expect: [{ ID: 1, Err: AN_ERROR }] },
      { send: getRequest(2), expect: [miss(2)] },
    ],
  },
  {
    behaves: "skips the body of an unknown command",
    steps: [
      {
        send: `{"ID":1,"Command":"frob","BodySize":5}\n\n"aGVsbG8="\n${getRequest(2)}`,
        expect: [{ ID: 1, Err: AN_ERROR }, miss(2)],
      },
    ],
    leaves: [],
  },
  {
    behaves: "answers a get without ActionID with an error",
    steps: [
      { send: `{"ID":1,"Command":"get"}\n\n${getRequest(2)}`, expect: [{ ID: 1, Err: AN_ERROR }, miss(2)] },
    ],
  },
  {
    behaves: "skips the body of a put without OutputID",
    steps: [
      {
        send: `{"ID":1,"Command":"put","ActionID":"${A0}","BodySize":5}\n\n"aGVsbG8="\n${getRequest(2)}`,
        expect: [{ ID: 1, Err: AN_ERROR }, miss(2)],
      },
    ],
    leaves: [],
  },
  {
    behaves: "misses when the file was deleted, and a put restores it",
    steps: [
      { send: putHello(1), expect: [hit(1)] },
      { spoil: unlinkSync },
      { send: getRequest(2), expect: [miss(2)] },
      { send: putHello(3), expect: [hit(3)] },
      { send: getRequest(4), expect: [hit(4)] },
    ],
  },
  {
    behaves: "misses when the file was truncated, and a put repairs it",
    steps: [
      { send: putHello(1), expect: [hit(1)] },
      { spoil: (path) => truncateSync(path, 4) },
      { send: getRequest(2), expect: [miss(2)] },
      { send: putHello(3), expect: [hit(3)] },
      { send: getRequest(4), expect: [hit(4)] },
    ],
  },
  { behaves: "exits with 0 and no output when the input ends at once", steps: [], leaves: [] },
  {
    behaves: "misses in an empty cache",
    steps: [{ send: getRequest(1), expect: [miss(1)] }],
    leaves: [],
  },
  {
    behaves: "returns the bytes of a put in a file",
    steps: [
      { send: putHello(1), expect: [hit(1)] },
      { send: getRequest(2), expect: [hit(2)] },
    ],
    leaves: [`action/00/${"00".repeat(32)}`, `output/2c/${Buffer.from(OH, "base64").toString("hex")}`],
  },
  {
    behaves: "stores the empty output under its own id, and reads on right after it",
    steps: [
      {
        send: `{"ID":1,"Command":"put","ActionID":"${A0}","OutputID":"${OE}"}\n\n${getRequest(2)}`,
        expect: [hit(1, ""), hit(2, "")],
      },
    ],
  },
  ...["", "\n", "\n\n\n", "\r\n\r\n", "  \t "].map(
    (between): Case => ({
      behaves: `accepts ${JSON.stringify(between)} between a put and its body`,
      steps: [{ send: putHello(1, { between }), expect: [hit(1)] }],
    }),
  ),
  {
    behaves: "accepts requests with another order of keys and with unknown keys",
    steps: [
      {
        send: `{ "BodySize": 5, "Frob": {"a": ["}"]}, "ObjectID": "${OH}", "ActionID": "${A0}", "Command": "put", "ID": 1 }"aGVsbG8="${getRequest(2)}`,
        expect: [hit(1), hit(2)],
      },
    ],
  },
  {
    behaves: "accepts two puts and a close in one write",
    steps: [{ send: TWO_PUTS_AND_A_CLOSE, expect: THEIR_ANSWERS }],
  },
  {
    behaves: "accepts two puts and a close byte by byte",
    steps: [{ send: TWO_PUTS_AND_A_CLOSE, expect: THEIR_ANSWERS, pace: "byte by byte" }],
  },
];
