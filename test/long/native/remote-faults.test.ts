/** Every fault of the bucket during `restore` and `save`, with the requests that the shorter suite leaves out, too. */
import { testNativeFaults } from "../../e2e/native/remote-faults.ts";

testNativeFaults((cases) => cases);
