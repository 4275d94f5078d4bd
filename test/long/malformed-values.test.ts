/** `test/e2e/secrets/malformed-values.test.ts` with every command for each value in each variable. */
import { setDefaultTimeout } from "bun:test";
import { ALL, testMalformedValues } from "../e2e/secrets/malformed.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

testMalformedValues(ALL);
