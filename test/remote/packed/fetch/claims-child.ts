/**
 * Tries to take all claims `0` to `<count - 1>` in a directory when its stdin ends. Prints those that it got, and how many
 * of them it took over. With `stay` it then runs until it is killed.
 */
import { Claims } from "../../../../src/remote/packed/fetch/claims.ts";

const [dir = "", count = "0", stay] = process.argv.slice(2);
let takenOver = 0;
const claims = new Claims(dir, () => takenOver++);
console.log("ready");
await new Response(Bun.stdin.stream()).text();
const got = Array.from({ length: Number(count) }, (_, n) => String(n)).filter((id) => claims.take(id));
console.log(JSON.stringify({ got, takenOver }));
if (stay !== undefined) setInterval(() => {}, 1000);
