/** A secret that is written wrong is still a secret: no command shows it, whether it refuses the value or not. */
import { setDefaultTimeout, test } from "bun:test";
import { expectKeyHidden, expectPasswordHidden, IN_TURN, KEYS, URLS } from "./malformed.ts";

// A guard against hanging only.
setDefaultTimeout(300_000);

test.each(URLS)("no command shows the password in %j", async (url) => {
  await expectPasswordHidden(url, IN_TURN);
});

test.each(KEYS.map(([what, value], nth) => [what, value, nth] as const))(
  "no command shows a key with %s",
  async (_, value, nth) => {
    await expectKeyHidden(value, nth, IN_TURN);
  },
);
