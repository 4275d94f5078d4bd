/** Takes all claims `0` to `<count - 1>` in a directory as soon as its stdin ends; prints those that it got. */
import { Claims } from "../../../src/remote/packed/claims.ts";

const [dir = "", count = "0"] = process.argv.slice(2);
const claims = new Claims(dir);
console.log("ready");
await new Response(Bun.stdin.stream()).text();
const got = Array.from({ length: Number(count) }, (_, n) => String(n)).filter((id) => claims.take(id));
console.log(JSON.stringify(got));
