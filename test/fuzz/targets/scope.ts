/** Files of an untrusted checkout. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeName, encodeName } from "../../../src/lib/text/percent-name.ts";
import { withGithubEvent } from "../../../src/remote/scope/github-event.ts";
import { directiveValues } from "../../../src/remote/scope/mod-file.ts";
import { toBytes } from "../recordings/recordings.ts";
import { type FuzzTarget, holds, parsed } from "../target.ts";

const never = () => false;

const mod: FuzzTarget = {
  name: "go.mod of a checkout",
  promise: "a few texts from it; nothing is thrown",
  thousands: 40,
  recordings: ({ modules }) => [
    ...modules.mod,
    Buffer.from('module "example.com/a" // x\n\nuse (\n\t./tools\n\t`./b c`\n)\n'),
  ],
  words: ["module ", "module (\n", '"', "`", "//", "(", ")"],
  attempt(input) {
    const text = input.toString();
    const found =
      parsed(() => [...directiveValues(text, "module"), ...directiveValues(text, "use")], never) ?? [];
    for (const value of found) holds(text.includes(value), `${value} is not in it`);
    return found.length > 0 ? "accepted" : "refused";
  },
};

let dir: string | undefined;

const event: FuzzTarget = {
  name: "event of GitHub",
  promise: "texts or nothing; nothing is thrown",
  thousands: 12,
  recordings: () =>
    toBytes(
      '{"repository":{"default_branch":"main"},"pull_request":{"number":7,"base":{"ref":"main"}}}',
      '{"merge_group":{"base_ref":"refs/heads/main"},"repository":{"default_branch":"trunk"}}',
    ),
  words: ["null", "[]", '"base":null', '"repository":7'],
  attempt(input) {
    dir ??= mkdtempSync(join(tmpdir(), "gcp-fuzz-event-"));
    const path = join(dir, "event.json");
    writeFileSync(path, input);
    const run = { platform: "", job: "test", run: "1" } as unknown as Parameters<typeof withGithubEvent>[0];
    const env = { GITHUB_EVENT_PATH: path, GITHUB_EVENT_NAME: "pull_request_target" };
    const found = parsed(() => withGithubEvent(run, env), never);
    for (const value of Object.values(found ?? {}))
      holds(value === undefined || typeof value === "string", "no text");
    return found?.defaultBranch === undefined ? "refused" : "accepted";
  },
  async close() {
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
    dir = undefined;
  },
};

const name: FuzzTarget = {
  name: "names in keys",
  promise: "one part of a path, for every text; nothing is thrown",
  thousands: 40,
  recordings: () => toBytes("example.com/a", "feature/ä b", "..", "refs/pull/7/merge"),
  attempt(input) {
    const text = input.toString();
    const encoded = parsed(() => encodeName(text), never) ?? "";
    holds(/^[\w.%~-]{1,120}$/.test(encoded) && !/^\.|\.$/.test(encoded), `it is ${encoded}`);
    parsed(() => decodeName(text), never);
    const isWhole = !encoded.includes("~");
    holds(!isWhole || decodeName(encoded) === text.toWellFormed(), "decoded it is another");
    return isWhole ? "accepted" : "refused";
  },
};

export const SCOPE_TARGETS: readonly FuzzTarget[] = [mod, event, name];
