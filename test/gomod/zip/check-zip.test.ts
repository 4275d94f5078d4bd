import { describe, expect, test } from "bun:test";
import { checkZip } from "../../../src/gomod/zip/check-zip.ts";
import { makeZip } from "../../support/modules/make-zip.ts";
import { rejection } from "../../support/rejection.ts";
import { noise } from "../../support/seed.ts";
import { tempDir } from "../../support/temp-dir.ts";

const PREFIX = "example.com/a@v1.0.0/";

async function refusalOf(zip: Uint8Array): Promise<string> {
  using dir = tempDir("zip");
  await Bun.write(dir.join("zip"), zip);
  return String(await rejection(Promise.try(() => checkZip(dir.join("zip"), "example.com/a", "v1.0.0"))));
}

/** Names without a common directory. */
function deepNames(count: number, depth: number): Record<string, string> {
  const below = "/a".repeat(depth - 1);
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`${PREFIX}${n}${below}`, ""]));
}

/** The offset of a file's entry in the central directory. */
function offsetOf(zip: Buffer, name: string): number {
  return zip.lastIndexOf(name) - 46;
}

test("accepts as many files and directories as the largest modules have", async () => {
  // kubernetes v1.30.0 has 6,491 files in 1,724 directories, aws-sdk-go v1.55.5 5,506 in as many.
  const names = Array.from({ length: 20_000 }, (_, n) => {
    const directory = `staging/src/k8s.io/component-${n % 200}/pkg/apis/group-${n % 4_000}/v1beta1`;
    return `${PREFIX}${directory}/zz_generated.conversion-${n}.go`;
  });
  using dir = tempDir("zip");
  await Bun.write(dir.join("zip"), makeZip(Object.fromEntries(names.map((name) => [name, ""]))));
  checkZip(dir.join("zip"), "example.com/a", "v1.0.0");
});

describe("refuses", () => {
  test.each<[string, Record<string, string>, string]>([
    ["files outside the module", { "other/a.go": "" }, "does not begin with"],
    ["a path with ..", { [`${PREFIX}../a.go`]: "" }, "bad name"],
    ["an absolute path", { [`${PREFIX}/etc/passwd`]: "" }, "bad name"],
    ["names that differ only in case", { [`${PREFIX}a`]: "", [`${PREFIX}A`]: "" }, "zip has"],
    ["a file that is also a directory", { [`${PREFIX}a`]: "", [`${PREFIX}a/b`]: "" }, "zip has"],
    ["a name that no system can write", { [`${PREFIX}${"a/".repeat(30_000)}b`]: "" }, "too long a name"],
    ["a go.mod that is not at the top", { [`${PREFIX}a/go.mod`]: "" }, "not at its top"],
  ])("%s", async (_, files, complaint) => {
    const refusal = await refusalOf(makeZip(files));
    expect(refusal).toContain(complaint);
    expect(refusal.length).toBeLessThan(300);
  });

  test("files that claim to expand to more than 500 MiB", async () => {
    const names = Array.from({ length: 3 }, (_, n) => `${PREFIX}${n}`);
    const zip = makeZip(
      Object.fromEntries(names.map((name) => [name, "x"])),
      Object.fromEntries(names.map((name) => [name, 200 << 20])),
    );
    expect(await refusalOf(zip)).toContain("expands to more than");
  });

  test.each<[string, Record<string, string>]>([
    ["in very deep directories", deepNames(600, 2_000)],
    ["in more directories than any module has files", deepNames(20_000, 30)],
  ])("files %s, before the directories fill the memory", async (_, files) => {
    expect(await refusalOf(makeZip(files))).toContain("too many directories");
  });

  test("files that share their bytes", async () => {
    const content = noise(10_000);
    const zip = makeZip({ [`${PREFIX}a`]: "", [`${PREFIX}b`]: content });
    const [first, second] = [offsetOf(zip, `${PREFIX}a`), offsetOf(zip, `${PREFIX}b`)];
    // The second entry gets the first one's sizes and offset.
    zip.copy(zip, first + 16, second + 16, second + 28);
    zip.copy(zip, first + 42, second + 42, second + 46);
    expect(await refusalOf(zip)).toContain("overlap");
  });

  test.each<[string, number]>([
    ["more files than any module has", 65_534],
    ["fewer files than it has", 1],
  ])("a list that claims %s", async (_, count) => {
    const zip = makeZip({ [`${PREFIX}a`]: "", [`${PREFIX}b`]: "" });
    for (const at of [8, 10]) zip.writeUInt16LE(count, zip.length - 22 + at);
    expect(await refusalOf(zip)).toContain("another length than it says");
  });
});
