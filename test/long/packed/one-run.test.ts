/** Many go commands of one run on one machine, all at once, and a bucket that is slower still. */
import { setDefaultTimeout, test } from "bun:test";
import { recordOneRun } from "../../e2e/packed/one-run.ts";

// A guard against hanging only.
setDefaultTimeout(600_000);

test("with 1500 ms an upload, the run's record has what each of them built", () => recordOneRun(1500));
