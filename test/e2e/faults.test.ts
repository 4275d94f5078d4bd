/** Every fault once while go builds, tests, vets and lists: in one layout and one mode each, and in all of them together. */
import { testShortForm } from "../faults/short-form.ts";

testShortForm(([first]) => [first]);
