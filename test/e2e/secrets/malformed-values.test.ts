/** A malformed secret is still a secret: no command shows it, whether it refuses the value or not. */
import { setDefaultTimeout } from "bun:test";
import { IN_TURN, testMalformedValues } from "./malformed.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

testMalformedValues(IN_TURN);
