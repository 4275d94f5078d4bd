import { describe, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { locateCacheDir } from "../../../src/app/cache-dir/cache-dir.ts";
import { whyForeign, whyUnsafe } from "../../../src/app/cache-dir/dir-owner.ts";
import { FallbackDir } from "../../../src/app/cache-dir/fallback-dir.ts";
import { trustedDir, trustSetOf } from "../../../src/app/cache-dir/trusted-dir.ts";
import { testOnLinux, testOnPosix } from "../../support/platform.ts";
import { tempDir } from "../../support/temp-dir.ts";

const NOBODY = 65_534;
const SET = "0123456789abcdef";

describe("a cache directory", () => {
  testOnLinux("that is not there, or one's own, is used", () => {
    using dir = tempDir("owner");
    chmodSync(dir.path, 0o777);
    expect([whyForeign(dir.join("none")), whyForeign(dir.path)]).toEqual([undefined, undefined]);
  });

  testOnLinux("of somebody else is not", () => {
    using dir = tempDir("owner");
    chownSync(dir.path, NOBODY, NOBODY);
    expect(whyForeign(dir.path)).toBe(
      `${dir.path} belongs to the user ${NOBODY}, and this is ${process.getuid?.()}`,
    );
  });

  testOnPosix.each([
    "action",
    "output",
    "tmp",
    "state",
    "module",
    "module-meta",
    "revproxy",
    "revproxy-meta",
  ])("whose %s is a link is not", (part) => {
    using dir = tempDir("owner");
    symlinkSync("/tmp", dir.join(part));
    expect(whyForeign(dir.path)).toBe(`its ${part} is a link to somewhere else`);
  });
});

describe("a directory for a set of keys", () => {
  testOnPosix("is made for its user alone", () => {
    using dir = tempDir("owner");
    const root = trustedDir(dir.join("cache"), SET);
    expect(whyUnsafe(dir.join("cache"), root)).toBeUndefined();
    const modes = ["cache", "cache/trust"].map((name) => statSync(dir.join(name)).mode & 0o777);
    expect([...modes, statSync(root).mode & 0o777]).toEqual([0o700, 0o700, 0o700]);
  });

  testOnPosix("is not used when others can write there, or above", () => {
    using dir = tempDir("owner");
    const root = trustedDir(dir.path, SET);
    whyUnsafe(dir.path, root);
    for (const path of [dir.path, dir.join("trust"), root]) {
      chmodSync(path, 0o770);
      expect(whyUnsafe(dir.path, root)).toBe(
        `other users can write to ${path} (chmod go-w), and there are keys to trust`,
      );
      chmodSync(path, 0o700);
    }
  });

  testOnLinux("is not used when a part of its path is a link, or somebody else's", () => {
    using dir = tempDir("owner");
    mkdirSync(dir.join("elsewhere", SET), { recursive: true });
    mkdirSync(dir.join("cache"));
    symlinkSync(dir.join("elsewhere"), dir.join("cache", "trust"));
    expect(whyUnsafe(dir.join("cache"), trustedDir(dir.join("cache"), SET))).toContain(
      "is a link to somewhere else",
    );
    mkdirSync(trustedDir(dir.join("other"), SET), { recursive: true });
    chownSync(dir.join("other", "trust"), NOBODY, NOBODY);
    expect(whyUnsafe(dir.join("other"), trustedDir(dir.join("other"), SET))).toContain(
      `belongs to the user ${NOBODY}`,
    );
  });

  test("is found by every set of keys for itself, and so is what stands in for it", () => {
    using dir = tempDir("owner");
    const cacheDir = { path: dir.join("cache"), trustSet: SET };
    const { root, shownRoot } = locateCacheDir(cacheDir, { GOCACHE: dir.path });
    expect([root, shownRoot]).toEqual([dir.join("cache", "trust", SET), dir.join("cache", "trust", SET)]);
    expect(locateCacheDir({ path: root, trustSet: SET }, {}).root).toBe(root);
    const fallback = new FallbackDir(root, [dir.path]).writable()?.root ?? "";
    expect(fallback).toBe(dir.join(`go-cache-plugin-${process.getuid?.() ?? "user"}-${SET}`));
    expect([root, fallback, dir.path].map(trustSetOf)).toEqual([SET, SET, undefined]);
  });
});

testOnPosix(
  "with keys, no link to it is put where others could exchange it, and nothing is made there",
  () => {
    using dir = tempDir("owner");
    const cacheDir = { path: dir.join("cache"), trustSet: SET };
    const shown = (name: string) => locateCacheDir(cacheDir, { GOCACHE: dir.join(name) }).shownRoot;
    mkdirSync(dir.join("own"));
    mkdirSync(dir.join("open"));
    chmodSync(dir.join("open"), 0o777);
    expect(shown("own")).toStartWith(dir.join("own"));
    expect([shown("open"), shown("none")]).toEqual([
      dir.join("cache", "trust", SET),
      dir.join("cache", "trust", SET),
    ]);
    expect([readdirSync(dir.join("open")), readdirSync(dir.path).includes("none")]).toEqual([[], false]);
  },
);

testOnLinux("a refused directory is replaced by one of our own, with a warning", () => {
  using dir = tempDir("owner");
  chownSync(dir.path, NOBODY, NOBODY);
  const { root, refusal } = locateCacheDir({ path: dir.path, trustSet: SET }, {});
  expect(trustSetOf(root)).toBe(SET);
  expect(refusal).toBe(
    `cache directory ${dir.path} is not used, ${dir.path} belongs to the user ${NOBODY}, and this is ${process.getuid?.()}; using ${root} instead`,
  );
});
