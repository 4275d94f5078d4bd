import { expect, test } from "bun:test";
import { checkSplit } from "../../../src/remote/split/check-split.ts";
import type { Finding } from "../../../src/store/finding.ts";
import { TamperedStore } from "../../store/tampered-store.ts";
import { filesBelow } from "../../support/file-tree.ts";
import { sha256Hex } from "../../support/ids.ts";
import { tempDir } from "../../support/temp-dir.ts";

async function check(store: TamperedStore, prefix: string, isRepairing = false) {
  const findings: Finding[] = [];
  const onFinding = (finding: Finding) => findings.push(finding);
  const outputs = await checkSplit({ store, prefix, isRepairing, onFinding });
  return { outputs: { ...outputs }, findings };
}

function keyOf(text: string, prefix = "p/"): string {
  const id = sha256Hex(text);
  return `${prefix}output/${id.slice(0, 2)}/${id}`;
}

test.each(["p", ""])(
  "an output with another hash than its name is a finding and is removed when repairing: %p",
  async (prefix) => {
    await using dir = tempDir("check-split");
    const store = new TamperedStore(dir.path);
    const start = prefix === "" ? "" : `${prefix}/`;
    const wrong = keyOf("wrong", start);
    await store.put(wrong, Buffer.from("other"));
    await store.put(keyOf("good", start), Buffer.from("good"));
    await store.put(keyOf("", start), Buffer.alloc(0));
    const what = `its bytes have the SHA-256 ${sha256Hex("other")}`;
    expect(await check(store, prefix)).toEqual({
      outputs: { count: 3, sizeBytes: 9 },
      findings: [{ where: wrong, what, isRemoved: false }],
    });
    expect((await check(store, prefix, true)).findings).toEqual([{ where: wrong, what, isRemoved: true }]);
    expect(await check(store, prefix)).toEqual({ outputs: { count: 2, sizeBytes: 4 }, findings: [] });
  },
);

test("other objects than outputs below the prefix are ignored", async () => {
  await using dir = tempDir("check-split");
  const store = new TamperedStore(dir.path);
  const id = sha256Hex("x");
  const foreign = [`output/${id.slice(0, 2)}/${id}`, `p/output/zz/${id}`, "p/output/x", `p2/output/aa/${id}`];
  for (const key of foreign) await store.put(key, Buffer.from("y"));
  expect(await check(store, "p", true)).toEqual({ outputs: { count: 0, sizeBytes: 0 }, findings: [] });
  expect(new Set(filesBelow(dir.path))).toEqual(new Set(foreign));
});

test("an output that disappears meanwhile is not a finding", async () => {
  await using dir = tempDir("check-split");
  const store = new TamperedStore(dir.path);
  await store.put(keyOf("wrong"), Buffer.from("other"));
  store.onGet = async () => undefined;
  expect((await check(store, "p")).findings).toEqual([]);
});
