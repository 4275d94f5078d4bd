/** The commands of the go releases between the oldest and the newest, with the compiled executable as their cache. */
import { describe, setDefaultTimeout } from "bun:test";
import { testReleaseCommands } from "../support/go-release-contract.ts";
import { GO_RELEASES } from "../support/go-toolchain.ts";

// Only a guard against hanging.
setDefaultTimeout(300_000);

describe.each(GO_RELEASES.slice(1, -1))("go %s", testReleaseCommands);
