/**
 * Tests of what only some systems have. On the others they are counted as skipped. On their own they always run, and
 * fail where a right or a program is missing.
 */
import { test } from "bun:test";

/** Mounts small disks, closes directories and gives files away, which takes root on Linux; or reads its `/proc`. */
export const testOnLinux: typeof test = process.platform === "linux" ? test : test.if(false);

/**
 * Needs modes of files, symbolic links, sockets with a path, or programs such as `sh` and `mkfifo`: Windows lacks them
 * or keeps them from ordinary users. Or it names paths with slashes.
 */
export const testOnPosix: typeof test = process.platform === "win32" ? test.if(false) : test;
