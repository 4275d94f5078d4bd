/** Many go commands of one run on one machine, all at once. */
import { setDefaultTimeout, test } from "bun:test";
import { recordOneRun } from "./one-run.ts";

// Only a guard against hanging.
setDefaultTimeout(600_000);

test("with 300 ms per upload, the run's record has the entries of all commands", () => recordOneRun(300));
