/** Every fault once while go builds, tests, vets and lists: each in one layout and mode, all together in every one. */
import { testShortForm } from "../faults/short-form.ts";

testShortForm(([first]) => [first]);
