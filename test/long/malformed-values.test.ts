/** `test/e2e/secrets/malformed-values.test.ts` with every command for each value in each variable. */
import { setDefaultTimeout, test } from "bun:test";
import { ALL, expectKeyHidden, expectPasswordHidden, KEYS, URLS } from "../e2e/secrets/malformed.ts";

// A guard against hanging only.
setDefaultTimeout(300_000);

test.each(URLS)("no command shows the password in %j", async (url) => {
  await expectPasswordHidden(url, ALL);
});

test.each(KEYS.map(([what, value], nth) => [what, value, nth] as const))(
  "no command shows a key with %s",
  async (_, value, nth) => {
    await expectKeyHidden(value, nth, ALL);
  },
);
