/**
 * `npm run recording`: makes docs/images/session.svg, the session in README.md, from a real one: builds a program of
 * several hundred packages on one machine, then on another with an empty disk, with a real S3 server on this machine.
 * The picture has the real output and times.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { binaryPath, PROJECT_DIR } from "../support/binary.ts";
import { goRoot, machineGoEnv } from "../support/go-toolchain.ts";
import { plainEnv, run } from "../support/process.ts";
import { realProgram } from "../support/real-program.ts";
import { startS3Server } from "../support/s3-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { type Exchange, terminalPicture } from "./terminal-picture.ts";

const PICTURE = join(PROJECT_DIR, "docs/images/session.svg");
const COLUMNS = 96;

const SET_UP = 'eval "$(go-cache-plugin env --bucket=my-bucket --region=eu-central-1 --metrics)"';
const BUILD = "go build -o versitygw ./cmd/versitygw";

async function main(): Promise<void> {
  await using dir = tempDir("recording");
  console.log("starting an S3 server and fetching the program's source");
  await using server = await startS3Server({ region: "eu-central-1", bucket: "my-bucket" });
  const program = await realProgram(dir.join("source"));
  const go = await goRoot();
  const exchanges: Exchange[] = [];
  for (const [machine, comment] of [
    ["one", "# a CI runner; nothing is cached anywhere"],
    ["two", "# another runner, an hour later, its disk empty"],
  ] as const) {
    const env = plainEnv({
      ...(await machineGoEnv()),
      ...server.env,
      HOME: dir.join(machine),
      PATH: `${dirname(binaryPath())}:${go}/bin:${process.env.PATH}`,
      GOTOOLCHAIN: "local",
      CGO_ENABLED: "0",
      GOFLAGS: "-buildvcs=false -trimpath",
      // The server is on this machine instead of at AWS.
      GOCACHE_S3_ENDPOINT_URL: server.endpoint,
      GOCACHE_S3_PATH_STYLE: "true",
    });
    mkdirSync(dir.join(machine));
    exchanges.push({ command: `${comment}\n${SET_UP}`, output: "" });
    console.log(`building on machine ${machine}`);
    const script = `${SET_UP}\n${BUILD}`;
    const startedMs = performance.now();
    const { stdout, stderr, exitCode } = await run(["bash", "-ec", script], { cwd: program.dir, env });
    if (exitCode !== 0) throw new Error(`${BUILD}: ${stderr}`);
    exchanges.push({ command: BUILD, output: stdout + stderr, elapsedMs: performance.now() - startedMs });
  }
  mkdirSync(dirname(PICTURE), { recursive: true });
  writeFileSync(PICTURE, terminalPicture("go-cache-plugin", exchanges, COLUMNS));
  console.log(PICTURE);
}

await main();
