/** Every fault of the bucket once during `restore` and once during `save`. */
import { type NativeCase, testNativeFaults } from "./remote-faults.ts";

testNativeFaults((cases, index) => {
  const one = (name: NativeCase[0]) => {
    const its = cases.filter(([command]) => command === name);
    return its.slice(index % its.length).slice(0, 1);
  };
  return [...one("restore"), ...one("save")];
});
