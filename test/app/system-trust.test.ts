import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { installTrust, uninstallTrust } from "../../src/app/system-trust.ts";
import { tempDir } from "../support/temp-dir.ts";

function place(platform: NodeJS.Platform, root: string) {
  const commands: string[][] = [];
  return { commands, platform, root, run: (argv: string[]) => void commands.push(argv) };
}

describe("on Linux", () => {
  test("a system that keeps its list elsewhere is not changed", async () => {
    await using root = tempDir("trust");
    const machine = place("linux", root.path);
    expect(() => installTrust(machine, "PEM", "/x")).toThrow("certificate store of this system is unknown");
    expect(machine.commands).toEqual([]);
  });

  for (const [dir, command] of [
    ["usr/local/share/ca-certificates", ["update-ca-certificates"]],
    ["etc/pki/ca-trust/source/anchors", ["update-ca-trust", "extract"]],
  ] as const) {
    test(`the certificate goes to /${dir}, and away again`, async () => {
      await using root = tempDir("trust");
      mkdirSync(root.join(dir), { recursive: true });
      const machine = place("linux", root.path);
      const file = installTrust(machine, "PEM", "/x");
      expect(file).toBe(root.join(dir, "go-cache-plugin-proxy.crt"));
      expect(readFileSync(file, "utf8")).toBe("PEM");
      uninstallTrust(machine, "AB");
      expect(existsSync(file)).toBe(false);
      expect(machine.commands).toEqual([[...command], [...command]]);
    });
  }
});

test("on macOS and Windows the system's own tools do it", () => {
  for (const [platform, tool] of [
    ["darwin", "security"],
    ["win32", "certutil"],
  ] as const) {
    const machine = place(platform, "/");
    installTrust(machine, "PEM", "/x/ca.crt");
    uninstallTrust(machine, "AB12");
    expect(machine.commands.map(([name]) => name)).toEqual([tool, tool]);
    expect(machine.commands[0]).toContain("/x/ca.crt");
    expect(machine.commands[1]).toContain("AB12");
  }
});
