/** Every fault again, with the other layout or the other mode. */
import { testShortForm } from "../faults/short-form.ts";

testShortForm(([, ...others]) => others);
