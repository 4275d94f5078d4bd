import { expect, test } from "bun:test";
import { systemdFd } from "../../src/net/systemd-sockets.ts";

const own = { LISTEN_PID: String(process.pid) };

test("takes the only socket, or the one of that name", () => {
  expect(systemdFd({ ...own, LISTEN_FDS: "1" }, undefined)).toBe(3);
  expect(systemdFd({ ...own, LISTEN_FDS: "2", LISTEN_FDNAMES: "http:plugin" }, "plugin")).toBe(4);
});

test.each([
  [{}, undefined, "systemd has passed no socket"],
  [{ LISTEN_FDS: "1", LISTEN_PID: "1" }, undefined, "systemd has passed no socket"],
  [{ ...own, LISTEN_FDS: "2", LISTEN_FDNAMES: "a:b" }, undefined, "name one"],
  [{ ...own, LISTEN_FDS: "1", LISTEN_FDNAMES: "a" }, "b", "no socket with the name b"],
  [{ ...own, LISTEN_FDS: "1", LISTEN_FDNAMES: "a:b" }, "b", "no socket with the name b"],
])("refuses %p for %p", (env, name, message) => {
  expect(() => systemdFd(env, name)).toThrow(message);
});
