import { expect, test } from "bun:test";
import { explainFailure } from "../../src/cli/failure.ts";
import { UsageError } from "../../src/cli/usage-error.ts";

const USAGE = 'usage: go-cache-plugin [flags] [command]\nrun "go-cache-plugin help" for the flags\n';

test("a usage error is always one line, then the usage, exit code 2", async () => {
  const error = new UsageError("unknown flag --a\nb\u001b[31m");
  expect(await explainFailure(error, [], {})).toEqual({
    text: `go-cache-plugin: unknown flag --a b [31m\n${USAGE}`,
    exitCode: 2,
  });
});

test("another error is one line with its causes, exit code 1", async () => {
  const error = new Error("make cache directory", { cause: new Error("no space") });
  expect(await explainFailure(error, [], {})).toEqual({
    text: "go-cache-plugin: make cache directory: no space\n",
    exitCode: 1,
  });
});

test("a thrown value that is not an error is printed as well", async () => {
  expect(await explainFailure("odd", ["--debug=1"], {})).toEqual({
    text: "go-cache-plugin: odd\n",
    exitCode: 1,
  });
});

test("the stack follows with --debug or its variable", async () => {
  const error = new Error("broken");
  const withStack = { text: `go-cache-plugin: broken\n${error.stack}\n`, exitCode: 1 };
  expect(await explainFailure(error, ["--debug=1"], {})).toEqual(withStack);
  expect(await explainFailure(error, [], { GOCACHE_DEBUG: "4" })).toEqual(withStack);
});

test("invalid settings do not hide the error", async () => {
  const failure = await explainFailure(new Error("broken"), ["--buckt"], { GOCACHE_DEBUG: "x" });
  expect(failure).toEqual({ text: "go-cache-plugin: broken\n", exitCode: 1 });
});
