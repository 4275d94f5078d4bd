/**
 * Loaded before the test files (`bunfig.toml`), so that a verdict depends neither on chance nor on a busy machine:
 * random numbers are the same in every run, and the executable has long time limits. A test of a time limit sets its
 * own. Temporary files are in memory where there is room.
 */
import fc from "fast-check";
import { useMemoryForTempFiles } from "./memory-dir.ts";
import { SUITE_SEED } from "./seed.ts";

fc.configureGlobal({ seed: SUITE_SEED });
process.env.GOCACHE_REMOTE_TIMEOUT = "600s";
useMemoryForTempFiles();
