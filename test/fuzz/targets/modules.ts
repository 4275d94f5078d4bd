/** Requests to the module proxy, and answers of upstreams. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidFileError } from "../../../src/gomod/invalid-file-error.ts";
import { escapeName, NameError, unescapePath, unescapeVersion } from "../../../src/gomod/module-path.ts";
import { formatTileName, parseTileName } from "../../../src/gomod/sumdb/tile-name.ts";
import { compareVersions, isCanonical } from "../../../src/gomod/version.ts";
import { checkZip } from "../../../src/gomod/zip/check-zip.ts";
import { hashZip } from "../../../src/gomod/zip/expand-zip.ts";
import { hashPlainZip } from "../../../src/gomod/zip/plain-zip.ts";
import { checkBody } from "../../../src/modproxy/files/check-body.ts";
import { parseGoSum } from "../../../src/modproxy/maintain/go-sum.ts";
import { encodeName, parseModRequest } from "../../../src/modproxy/names/mod-request.ts";
import { type Recordings, toBytes } from "../recordings/recordings.ts";
import { type FuzzTarget, holds, isNoMistake, parsed, parsedLater, same } from "../target.ts";

const DATABASES = new Set(["sum.golang.org"]);
const WORDS = [
  "/@v/",
  "@",
  "!a",
  "/v2",
  ".zip",
  ".mod",
  ".info",
  "/@latest",
  "%2F",
  "%252f",
  "sumdb/sum.golang.org/",
  "+incompatible",
  "v1.2.3",
  "-0.20170217094210-abcdefabcdef",
  "gopkg.in/",
];
const isNameError = (error: unknown) => error instanceof NameError;
const isInvalid = (error: unknown) => error instanceof InvalidFileError;
const never = () => false;

const request: FuzzTarget = {
  name: "request for a module",
  promise: "a name that is a clean path and means the same when it is parsed again; or a NameError",
  thousands: 40,
  recordings: () =>
    toBytes(
      "rsc.io/quote/@v/list",
      "github.com/!burnt!sushi/toml/@v/v1.2.3-rc.1.zip",
      "gopkg.in/yaml.v3/@v/v3.0.1.mod?x=1",
      "example.com/a/v2/@v/v2.0.0-20170217094210-abcdefabcdef.info",
      "example.com/a/@v/main.info",
      "example.com/a/@latest",
      "sumdb/sum.golang.org/supported",
      "sumdb/sum.golang.org/lookup/rsc.io/quote@v1.5.2",
      "sumdb/sum.golang.org/tile/8/0/x001/234.p/17",
    ),
  words: WORDS,
  attempt(input) {
    const target = input.toString("latin1");
    const found = parsed(() => parseModRequest(target, DATABASES), isNameError);
    if (found === undefined) return "refused";
    same(parseModRequest(encodeName(found.name), DATABASES), found, "parsed again");
    holds(
      !found.name.split("/").some((part) => part === "" || part === "." || part === ".."),
      "no clean path",
    );
    return "accepted";
  },
};

const path: FuzzTarget = {
  name: "module path and version",
  promise: "an unescaped text escapes to the same text again; or a NameError",
  thousands: 40,
  recordings: () =>
    toBytes(
      "github.com/!burnt!sushi/toml",
      "gopkg.in/yaml.v3",
      "v2.0.0+incompatible",
      "v0.0.0-20170217094210-abcdefabcdef",
      "golang.org/x/text/v2",
    ),
  words: WORDS,
  attempt(input) {
    const text = input.toString("latin1");
    const found = parsed(() => unescapePath(text), isNameError);
    const version = parsed(() => unescapeVersion(text), isNameError);
    if (found !== undefined) same(escapeName(found), text, "escaped again");
    if (version !== undefined) same(escapeName(version), text, "escaped again");
    if (version !== undefined && isCanonical(version))
      holds(compareVersions(version, version) === 0, "it is another");
    return found === undefined && version === undefined ? "refused" : "accepted";
  },
};

const tile: FuzzTarget = {
  name: "name of a tile",
  promise: "its canonical form, or nothing; nothing is thrown",
  thousands: 40,
  recordings: () => toBytes("tile/8/0/000", "tile/8/2/x001/x234/567.p/255", "tile/8/data/x012/345"),
  words: ["x001/", ".p/", "data"],
  attempt(input) {
    const text = input.toString("latin1");
    const found = parsed(() => parseTileName(text), never);
    if (found === undefined) return "refused";
    same(formatTileName(found), text, "written again");
    return "accepted";
  },
};

const sums: FuzzTarget = {
  name: "go.sum",
  promise: "a name and a hash for each line; or an Error that names the line",
  thousands: 40,
  recordings: ({ modules }) => modules.goSum,
  words: ["/go.mod", " h1:", "\n"],
  attempt(input) {
    const found = parsed(() => parseGoSum(input.toString()), isNoMistake);
    for (const { name, hash } of found ?? [])
      holds(/\.(mod|zip)$/.test(name) && hash !== "", `${name} ${hash}`);
    return found === undefined ? "refused" : "accepted";
  },
};

const NAMED = { name: "", module: "rsc.io/quote", version: "v1.5.2" } as const;

/** A small file of a kind; an accepted file is accepted again unchanged. */
function small(
  kind: "info" | "mod" | "list" | "latest",
  words: string[],
  of: (all: Recordings) => Buffer[],
): FuzzTarget {
  return {
    name: `.${kind} of a module`,
    promise: "bytes that would be accepted again unchanged; or an InvalidFileError",
    thousands: 40,
    recordings: of,
    words,
    attempt(input) {
      const kept = parsed(() => checkBody({ ...NAMED, kind }, input, undefined), isInvalid);
      if (kept === undefined) return "refused";
      same(checkBody({ ...NAMED, kind }, kept, undefined), kept, "kept again");
      return "accepted";
    },
  };
}

const scratch = join(tmpdir(), `gcp-fuzz-zip-${process.pid}`);

const zip: FuzzTarget = {
  name: "zip of a module",
  promise:
    "within go's limits, and a hash of its contents, the same where all readers see the same; or an InvalidFileError",
  thousands: 12,
  recordings: ({ modules }) =>
    modules.zips.map(({ bytes }) => bytes).filter(({ length }) => length < 100_000),
  words: [
    "PK\x01\x02",
    "PK\x03\x04",
    "PK\x05\x06",
    "PK\x06\x06",
    "PK\x06\x07",
    "rsc.io/quote@v1.5.2/",
    "/../",
    "go.mod",
  ],
  async attempt(input) {
    mkdirSync(scratch, { recursive: true });
    const file = join(scratch, "a.zip");
    writeFileSync(file, input);
    const isGood = parsed(() => {
      checkZip(file, "rsc.io/quote", "v1.5.2");
      return true;
    }, isInvalid);
    const hash = await parsedLater(() => hashZip(file), isInvalid);
    holds(hash === undefined || /^h1:[A-Za-z0-9+/]{43}=$/.test(hash), `the hash is ${hash}`);
    const plain = await parsedLater(() => hashPlainZip(file, "rsc.io/quote", "v1.5.2"), isInvalid);
    holds(plain === undefined || (isGood === true && plain === hash), `as a plain zip, the hash is ${plain}`);
    return isGood === undefined ? "refused" : "accepted";
  },
  async close() {
    rmSync(scratch, { recursive: true, force: true });
  },
};

export const MODULE_TARGETS: readonly FuzzTarget[] = [
  request,
  path,
  tile,
  sums,
  small("info", ['"Version":', "[[[[", "null"], ({ modules }) => modules.info),
  small("mod", ["module ", "\n\n\n", "// "], ({ modules }) => modules.mod),
  small("list", ["v1.0.0\n", "-0.", "+incompatible"], ({ modules }) => modules.list),
  small("latest", ['"Version":"v1.0.0"', "null"], ({ modules }) => modules.info),
  zip,
];
