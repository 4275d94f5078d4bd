/** `test/e2e/images.test.ts` from an empty bucket, and with the timer of `npm run images`. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, mkdirSync } from "node:fs";
import { buildTimer } from "../images/programs.ts";
import { fillScratch } from "../images/roots.ts";
import { helloMs, imageRoot, tryImage } from "../images/try-image.ts";
import { binaryPath } from "../support/binary.ts";
import { goRoot } from "../support/go-toolchain.ts";
import { tempDir } from "../support/temp-dir.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

test("with only the libraries that ldd names, everything is compiled once, and the start is timed", async () => {
  await using dir = tempDir("images");
  const [programs, path] = [dir.join("bin"), dir.join("ldd")];
  for (const each of [programs, path]) mkdirSync(each);
  copyFileSync(binaryPath(), dir.join("bin/go-cache-plugin"));
  await buildTimer(dir.join("bin/timer"));
  await fillScratch(path, binaryPath());
  const root = imageRoot(path, { programs, goRoot: await goRoot(), bucket: dir.join("bucket") });
  const { compiles } = await tryImage(root);
  // The three packages, the program, and the runtime.
  expect(compiles?.[0]).toBeGreaterThan(4);
  expect(compiles?.[1]).toBe(0);
  expect(await helloMs(root)).toBeGreaterThan(0);
});
