/** SIGKILL at moments spread over the time that a command usually takes. */
import type { NativeTeam } from "../../e2e/native/native-team.ts";
import { randomMoment, randomOf } from "../../faults/random.ts";
import type { GoMachine } from "../../support/go-toolchain.ts";
import { SUITE_SEED } from "../../support/seed.ts";

export const KILLS = 50;

/** A command that is to be killed, and what has to hold after that. */
export interface Victim {
  machine: GoMachine;
  team: NativeTeam;
  check: () => Promise<void>;
}

/** Runs a command in `project` often and kills it. `subject`: what the command is about, so that moments differ. */
export async function killOften(
  [name = "", ...args]: string[],
  { project, subject = "" }: { project: string; subject?: string },
  startOne: (round: number) => Promise<Victim>,
): Promise<void> {
  const random = randomOf(SUITE_SEED, `${name}${subject}`);
  let usualSeconds = 0;
  let killed = 0;
  // The first one is not killed, and says how long one takes.
  for (let round = 0; round <= KILLS; round++) {
    const { machine, team, check } = await startOne(round);
    const startedMs = performance.now();
    await using running = await team.start(machine, project, [name, ...args]);
    if (round > 0) {
      await Promise.race([running.outcome, randomMoment(random, usualSeconds)]);
      running.signal("SIGKILL");
    }
    const { exitCode } = await running.outcome;
    // A slower one than before may have been killed too early to know its time.
    const seconds = (performance.now() - startedMs) / 1000;
    killed += Number(exitCode !== 0);
    usualSeconds = exitCode === 0 ? seconds : Math.max(usualSeconds, 1.2 * seconds);
    await check();
  }
  console.log(`${name}${subject}: ${killed} of ${KILLS} were killed before their end`);
}
