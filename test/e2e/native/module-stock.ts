import { expect } from "bun:test";
import { join } from "node:path";
import { run } from "../../support/process.ts";
import { DATA, ModuleTeam, modcacheOf, ONLY, randomText } from "./module-team.ts";
import { succeeded } from "./native-team.ts";
import type { OpenStock } from "./remote-faults.ts";

/** Modules, for `testNativeFaults`. */
export const openModules: OpenStock = async (dir, save) => {
  const team = await ModuleTeam.open(dir, { text: randomText(8 << 10) });
  const stock = { team, project: team.project, args: [ONLY] };
  const full = await team.fullMachine();
  await succeeded(run(["rm", "-rf", join(modcacheOf(full), DATA)]));
  await save(stock, full);
  await succeeded(team.load(full));
  await save(stock, full);
  return {
    ...stock,
    full,
    newMachine: () => team.bareMachine(),
    expectSound: (machine) => expect(team.check(machine)).toMatchObject({ wrong: [], unfinished: [] }),
    [Symbol.asyncDispose]: () => team[Symbol.asyncDispose](),
  };
};
