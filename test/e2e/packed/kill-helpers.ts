import { expect } from "bun:test";
import { chainModule } from "../../support/go-project.ts";
import { startGo } from "../../support/go-toolchain.ts";
import { helpersOf } from "../../support/settled.ts";
import type { TempDir } from "../../support/temp-dir.ts";
import { PackedTeam } from "./packed-team.ts";

/** Kills go and its helper on one machine this many times, and expects that others find all of its entries. */
export async function killHelpers(dir: TempDir, rounds: number): Promise<void> {
  const team = new PackedTeam(dir.path);
  const machine = await team.warmMachine();
  for (let round = 0; round < rounds; round++) {
    const project = chainModule(dir.join(`project-${round}`), { name: `killed${round}`, count: 6 });
    await using victim = await startGo(machine, ["build", "./..."], { cwd: project });
    const startedMs = performance.now();
    // At a random moment between the first output and shortly after the last.
    while (performance.now() - startedMs < 150 + round * 120) await Bun.sleep(1);
    for (const pid of helpersOf(machine)) process.kill(pid, "SIGKILL");
    victim.signal("SIGKILL");
    await victim.outcome;
    await team.build(machine, project);
    expect(await team.build(team.newMachine(), project)).toBe(0);
  }
}
