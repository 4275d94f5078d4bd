/**
 * A process that takes a lock, for tests with several of them:
 *
 *     bun test/lib/lock-contender.ts <lock> hold             takes it, says `held`, and never ends
 *     bun test/lib/lock-contender.ts <lock> hold <gate>      the same; when the file <gate> exists, it says whether it has
 *                                                            the lock, releases it and ends
 *     bun test/lib/lock-contender.ts <lock> <inside> <gate> <rounds>  says `ready`, and takes it once when the file
 *                                                                     <gate>-0 exists, once when <gate>-1 exists, …
 *
 * The last one creates the file <inside> while it has the lock. It says `overlap` when that exists already, and `done 0`
 * after the first round.
 */
import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import { lockFile } from "../../../src/lib/files/lock-file.ts";

const [lock = "", inside = "", gate = "", rounds = "0"] = process.argv.slice(2);
if (inside === "hold") {
  {
    await using held = await lockFile(lock, undefined);
    console.log("held");
    while (!existsSync(gate)) await Bun.sleep(10);
    console.log((await held.isHeld()) ? "has it" : "lost it");
  }
  process.exit();
}
console.log("ready");
for (let round = 0; round < Number(rounds); round++) {
  while (!existsSync(`${gate}-${round}`)) await Bun.sleep(1);
  {
    await using _held = await lockFile(lock, undefined);
    try {
      closeSync(openSync(inside, "wx"));
      await Bun.sleep(5);
      rmSync(inside);
    } catch {
      console.log("overlap");
    }
  }
  console.log(`done ${round}`);
}
