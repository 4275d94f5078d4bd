/**
 * Loaded before the test files (`bunfig.toml`), so that a verdict depends neither on chance nor on a busy machine:
 * random numbers are the same in every run, and the executable has long time limits. A test of a time limit sets its
 * own.
 */
import fc from "fast-check";
import { SUITE_SEED } from "./seed.ts";

fc.configureGlobal({ seed: SUITE_SEED });
process.env.GOCACHE_REMOTE_TIMEOUT = "600s";
