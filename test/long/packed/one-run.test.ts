/** Many go commands of one run on one machine, all at once, and an even slower bucket. */
import { setDefaultTimeout, test } from "bun:test";
import { recordOneRun } from "../../e2e/packed/one-run.ts";

// Only a guard against hanging.
setDefaultTimeout(600_000);

test("with 1500 ms per upload, the run's record has the entries of all commands", () => recordOneRun(1500));
