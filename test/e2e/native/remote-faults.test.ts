/** Every fault of the bucket once during `restore` and once during `save`. */
import { ONE_EACH, openBuilds, testNativeFaults } from "./remote-faults.ts";

testNativeFaults(openBuilds, ONE_EACH);
