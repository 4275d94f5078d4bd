/** Every fault of the bucket during `restore` and `save`, with the requests that the shorter suite leaves out, too. */
import { EVERY_CASE, openBuilds, testNativeFaults } from "../../e2e/native/remote-faults.ts";

testNativeFaults(openBuilds, EVERY_CASE);
