/**
 * Loaded before the test files (`bunfig.toml`), so that a verdict depends neither on chance nor on a busy machine:
 * whatever draws numbers draws the same ones in every run, and the executable waits long for what comes in the end.
 * A test of what does not come says itself how long that is waited for.
 */
import fc from "fast-check";
import { SUITE_SEED } from "./seed.ts";

fc.configureGlobal({ seed: SUITE_SEED });
process.env.GOCACHE_REMOTE_TIMEOUT = "600s";
