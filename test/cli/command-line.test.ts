import { describe, expect, test } from "bun:test";
import { parseCommandLine } from "../../src/cli/command-line.ts";
import { UsageError } from "../../src/cli/usage-error.ts";

describe("rejects", () => {
  test.each([
    [["--buckt", "x"], "unknown flag --buckt (did you mean --bucket?)"],
    [["-buckt=x"], "unknown flag --buckt (did you mean --bucket?)"],
    [["--Bucket=x"], "unknown flag --Bucket (did you mean --bucket?)"],
    [["--no-metrics"], "unknown flag --no-metrics (did you mean --metrics?)"],
    [["--endpoint=http://x"], "unknown flag --endpoint (did you mean --s3-endpoint-url?)"],
    [["--hlep"], "unknown flag --hlep (did you mean --help?)"],
    [["-x"], "unknown flag -x"],
    [["-vc8"], "unknown flag --vc8"],
    [["--constructor"], "unknown flag --constructor"],
    [["--__proto__=1"], "unknown flag --__proto__"],
    [["---bucket=x"], "bad flag syntax: ---bucket=x"],
    [["--=x"], "bad flag syntax: --=x"],
    [["-=x"], "bad flag syntax: -=x"],
    [["--bucket"], "flag needs a value: --bucket"],
    [["--bucket", "--region=x"], "flag needs a value: --bucket"],
    [["--bucket", "-v"], "flag needs a value: --bucket"],
    [["--bucket", "--"], "flag needs a value: --bucket"],
    [["--bucket", "--help"], "flag needs a value: --bucket"],
    [["-c"], "flag needs a value: -c"],
    [["-c="], '-c: "" is not a whole number from 0 up'],
    [["--metrics=yes"], '--metrics: "yes" is not true, false or json'],
    [["--metrics="], '--metrics: "" is not true, false or json'],
    [["--expiry=banana", "--expiry=48h"], '--expiry: "banana" is not a duration such as 48h or 1h30m'],
  ] as const)("%j", (args, message) => {
    expect(() => parseCommandLine(args)).toThrow(new UsageError(message));
  });
});

test.each([
  [["--upstream", "https://user:hunter2@proxy.example.com"], "--upstream", "GOCACHE_UPSTREAM"],
  [["--upstream=https://hunter2@proxy.example.com,direct"], "--upstream", "GOCACHE_UPSTREAM"],
  [["--project=https://ci:hunter2@git.example.com/a"], "--project", "GOCACHE_PROJECT"],
  [["--sumdb=sum.example.com https://user:hunter2@sum.example.com"], "--sumdb", "GOCACHE_SUMDB"],
])("rejects a secret, which every user of the machine could read: %j", (args, flag, variable) => {
  const message = `${flag}: every user of this machine can read a secret on a command line; set ${variable} instead`;
  expect(() => parseCommandLine(args)).toThrow(new UsageError(message));
});

describe("reads", () => {
  test.each([
    [[], {}, []],
    [["--bucket", "name"], { bucket: "name" }, []],
    [["--bucket=name"], { bucket: "name" }, []],
    [["-bucket", "name"], { bucket: "name" }, []],
    [["-bucket=name"], { bucket: "name" }, []],
    [["--prefix=a=b"], { prefix: "a=b" }, []],
    [["--prefix=a\nb"], { prefix: "a\nb" }, []],
    [["--prefix", "-odd"], { prefix: "-odd" }, []],
    [["--prefix", "-"], { prefix: "-" }, []],
    [["--prefix", ""], { prefix: "" }, []],
    [["--debug", "-1"], { debug: "-1" }, []],
    [["-c", "8", "-u=4", "-v"], { c: "8", u: "4", v: "true" }, []],
    [["--c=8"], { c: "8" }, []],
    [["--metrics", "version"], { metrics: "true" }, ["version"]],
    [["--metrics=f", "-v=T"], { metrics: "f", v: "T" }, []],
    [["-c=1", "-c=2"], { c: "2" }, []],
    [["--cache-dir", "/x", "serve", "-v"], { "cache-dir": "/x", v: "true" }, ["serve"]],
    [["--", "--bucket", "x"], {}, ["--bucket", "x"]],
    [["-v", "help", "--", "-c"], { v: "true" }, ["help", "-c"]],
    [["-"], {}, ["-"]],
    [[""], {}, [""]],
  ] as const)("%j", (args, flags, words) => {
    const commandLine = parseCommandLine(args);
    expect({ ...commandLine, flags: Object.fromEntries(commandLine.flags) }).toEqual({
      flags: flags as Record<string, string>,
      words: [...words],
      info: undefined,
    });
  });

  test.each(["-h", "--h", "-help", "--help", "--help=true"])(
    "%s, and ignores everything after it",
    (flag) => {
      expect(parseCommandLine(["version", flag, "--buckt"])).toMatchObject({
        info: "help",
        words: ["version"],
      });
    },
  );

  test("--version, and ignores everything after it", () => {
    expect(parseCommandLine(["--version", "--buckt"])).toMatchObject({ info: "version", words: [] });
  });
});
