import { expect, test } from "bun:test";
import { formatListenAddress, parseListenAddress } from "../../../src/lib/network/listen-address.ts";

test.each([
  ["5930", { kind: "tcp", host: "127.0.0.1", port: 5930 }],
  ["localhost:5930", { kind: "tcp", host: "localhost", port: 5930 }],
  [":5930", { kind: "tcp", host: "", port: 5930 }],
  ["0.0.0.0:0", { kind: "tcp", host: "0.0.0.0", port: 0 }],
  ["[::1]:5930", { kind: "tcp", host: "::1", port: 5930 }],
  ["/run/go cache.sock", { kind: "unix", path: "/run/go cache.sock" }],
  ["./server.sock", { kind: "unix", path: "./server.sock" }],
  ["systemd", { kind: "systemd", name: undefined }],
  ["systemd:go.cache", { kind: "systemd", name: "go.cache" }],
] as const)("%p is an address", (text, address) => {
  expect(parseListenAddress(text)).toEqual(address);
});

test.each([
  "",
  "65536",
  "-1",
  "5930a",
  "host:",
  "host:port",
  "::1:5930",
  "a b:1",
  "/dir/",
  "http://host:5930",
  "http:/host",
  `/${"x".repeat(103)}`,
])("%p is none", (text) => {
  expect(parseListenAddress(text)).toBeUndefined();
});

test.each(["localhost:5930", ":5930", "[::1]:5930", "/run/x.sock", "systemd", "systemd:x"])(
  "%p is written as it is read",
  (text) => {
    expect(formatListenAddress(parseListenAddress(text) ?? { kind: "systemd", name: "none" })).toBe(text);
  },
);
