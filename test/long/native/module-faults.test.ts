/** Every fault of the bucket during `restore` and `save` of modules: see `remote-faults.test.ts`. */
import { openModules } from "../../e2e/native/module-stock.ts";
import { EVERY_CASE, testNativeFaults } from "../../e2e/native/remote-faults.ts";

testNativeFaults(openModules, EVERY_CASE);
