import { expect } from "bun:test";
import { truncateSync, unlinkSync } from "node:fs";
import { type Case, FAILS_WITH_A_MESSAGE } from "./case.ts";
import { A0, AF, closeRequest, getRequest, hit, miss, OE, OH, putHello } from "./messages.ts";

const AN_ERROR = expect.stringMatching(/./) as unknown as string;

const TWO_PUTS_AND_A_CLOSE = putHello(1) + putHello(2, { actionId: AF }) + closeRequest(3);
const THEIR_ANSWERS = [hit(1), hit(2), { ID: 3 }];

/** A put whose object says one thing and whose body is another. */
function mismatchedPut(bodySize: number, body: string): string {
  return `{"ID":1,"Command":"put","ActionID":"${A0}","OutputID":"${OH}","BodySize":${bodySize}}\n\n${body}\n`;
}

/** Cases that are bytes in and answers out. */
export const MESSAGE_CASES: Case[] = [
  {
    row: 17,
    behaves: "explains itself and fails when the input ends inside a request",
    steps: [{ send: '{"ID":1,' }],
    ends: FAILS_WITH_A_MESSAGE,
    leaves: [],
  },
  {
    row: 17,
    behaves: "explains itself and fails on what is no request",
    steps: [{ send: "nonsense\n" }],
    ends: FAILS_WITH_A_MESSAGE,
  },
  {
    row: 18,
    behaves: "stores nothing of a put that is cut inside its body",
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
      row: 19,
      behaves: `stores nothing of a body that is ${why}, and goes on`,
      steps: [{ send: put + getRequest(2), expect: [{ ID: 1, Err: AN_ERROR }, miss(2)] }],
      leaves: [],
    }),
  ),
  {
    row: 19,
    behaves: "stores nothing of a body that is no string",
    steps: [{ send: mismatchedPut(3, "123") }],
    ends: FAILS_WITH_A_MESSAGE,
    leaves: [],
  },
  {
    row: 15,
    behaves: "answers an unknown command with an error and goes on",
    steps: [
      { send: '{"ID":1,"Command":"frob","X":[1]}\n\n', expect: [{ ID: 1, Err: AN_ERROR }] },
      { send: getRequest(2), expect: [miss(2)] },
    ],
  },
  {
    row: 15,
    behaves: "reads over the body of an unknown command",
    steps: [
      {
        send: `{"ID":1,"Command":"frob","BodySize":5}\n\n"aGVsbG8="\n${getRequest(2)}`,
        expect: [{ ID: 1, Err: AN_ERROR }, miss(2)],
      },
    ],
    leaves: [],
  },
  {
    row: 16,
    behaves: "answers a get without ActionID with an error",
    steps: [
      { send: `{"ID":1,"Command":"get"}\n\n${getRequest(2)}`, expect: [{ ID: 1, Err: AN_ERROR }, miss(2)] },
    ],
  },
  {
    row: 16,
    behaves: "reads over the body of a put without OutputID",
    steps: [
      {
        send: `{"ID":1,"Command":"put","ActionID":"${A0}","BodySize":5}\n\n"aGVsbG8="\n${getRequest(2)}`,
        expect: [{ ID: 1, Err: AN_ERROR }, miss(2)],
      },
    ],
    leaves: [],
  },
  {
    row: 20,
    behaves: "misses when the file was deleted, and a put brings it back",
    steps: [
      { send: putHello(1), expect: [hit(1)] },
      { spoil: unlinkSync },
      { send: getRequest(2), expect: [miss(2)] },
      { send: putHello(3), expect: [hit(3)] },
      { send: getRequest(4), expect: [hit(4)] },
    ],
  },
  {
    row: 21,
    behaves: "misses when the file was cut short, and a put repairs it",
    steps: [
      { send: putHello(1), expect: [hit(1)] },
      { spoil: (path) => truncateSync(path, 4) },
      { send: getRequest(2), expect: [miss(2)] },
      { send: putHello(3), expect: [hit(3)] },
      { send: getRequest(4), expect: [hit(4)] },
    ],
  },
  { row: 2, behaves: "ends well and without a word when the input ends at once", steps: [], leaves: [] },
  {
    row: 3,
    behaves: "misses in an empty cache",
    steps: [{ send: getRequest(1), expect: [miss(1)] }],
    leaves: [],
  },
  {
    row: 4,
    behaves: "gives back what was put, in a file",
    steps: [
      { send: putHello(1), expect: [hit(1)] },
      { send: getRequest(2), expect: [hit(2)] },
    ],
    leaves: [`action/00/${"00".repeat(32)}`, `output/2c/${Buffer.from(OH, "base64").toString("hex")}`],
  },
  {
    row: 5,
    behaves: "stores nothing under its own id, and reads on right behind it",
    steps: [
      {
        send: `{"ID":1,"Command":"put","ActionID":"${A0}","OutputID":"${OE}"}\n\n${getRequest(2)}`,
        expect: [hit(1, ""), hit(2, "")],
      },
    ],
  },
  ...["", "\n", "\n\n\n", "\r\n\r\n", "  \t "].map(
    (between): Case => ({
      row: 6,
      behaves: `takes ${JSON.stringify(between)} between a put and its body`,
      steps: [{ send: putHello(1, { between }), expect: [hit(1)] }],
    }),
  ),
  {
    row: 6,
    behaves: "takes requests with their keys in another order and with keys it does not know",
    steps: [
      {
        send: `{ "BodySize": 5, "Frob": {"a": ["}"]}, "ObjectID": "${OH}", "ActionID": "${A0}", "Command": "put", "ID": 1 }"aGVsbG8="${getRequest(2)}`,
        expect: [hit(1), hit(2)],
      },
    ],
  },
  {
    row: 7,
    behaves: "takes two puts and a close in one write",
    steps: [{ send: TWO_PUTS_AND_A_CLOSE, expect: THEIR_ANSWERS }],
  },
  {
    row: 7,
    behaves: "takes two puts and a close byte by byte",
    steps: [{ send: TWO_PUTS_AND_A_CLOSE, expect: THEIR_ANSWERS, pace: "byte by byte" }],
  },
];
