/** Every fault of the bucket once during `restore` of modules, and once during `save`. */
import { openModules } from "./module-stock.ts";
import { ONE_EACH, testNativeFaults } from "./remote-faults.ts";

testNativeFaults(openModules, ONE_EACH);
