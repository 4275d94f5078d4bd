/** Every fault again, in the other layout or the other mode. */
import { testShortForm } from "../faults/short-form.ts";

testShortForm(([, ...others]) => others);
