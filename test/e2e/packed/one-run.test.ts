/** Many go commands of one run on one machine, all at once. */
import { setDefaultTimeout, test } from "bun:test";
import { recordOneRun } from "./one-run.ts";

// A guard against hanging only.
setDefaultTimeout(600_000);

test("with 300 ms an upload, the run's record has what each of them built", () => recordOneRun(300));
