import { expect, test } from "bun:test";
import { goPlatform } from "../../../src/remote/scope/platform.ts";

const ENV = { GOOS: "plan9", GOARCH: "riscv64", GOVERSION: "go1.26.3 X:jsonv2" };

test("comes from go's variables", () => {
  expect(goPlatform(ENV)).toBe("plan9_riscv64_go1.26.3 X:jsonv2");
});

test.each([
  ["linux", "x64", "linux_amd64_any"],
  ["win32", "ia32", "windows_386_any"],
  ["darwin", "arm64", "darwin_arm64_any"],
  ["freebsd", "riscv64", "freebsd_riscv64_any"],
])("is the machine's own without go's variables: %s %s", (platform, arch, expected) => {
  expect(goPlatform({ GOOS: "", GOVERSION: "" }, { platform, arch })).toBe(expected);
});

test("uses the machine's values where variables are missing", () => {
  expect(goPlatform({ GOARCH: "arm64", GOVERSION: "go1.27" }, { platform: "win32", arch: "x64" })).toBe(
    "windows_arm64_go1.27",
  );
});
