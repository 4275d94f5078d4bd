/**
 * Tests of features that only some systems have. Other systems count them as skipped. Systems with the feature always
 * run them, and they fail if a right or a program is missing.
 */
import { test } from "bun:test";

/** Mounts small disks, closes directories and changes owners, which needs root on Linux; or reads its `/proc`. */
export const testOnLinux: typeof test = process.platform === "linux" ? test : test.if(false);

/**
 * Needs modes of files, symbolic links, sockets with a path, or programs such as `sh` and `mkfifo`: Windows lacks them
 * or keeps them from ordinary users. Or it names paths with slashes.
 */
export const testOnPosix: typeof test = process.platform === "win32" ? test.if(false) : test;
