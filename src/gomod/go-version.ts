/** Releases of go and their order, as cmd/go/internal/gover has them: `1.21` < `1.21rc1` < `1.21.0`. */
import { compareNumbers, compareText } from "./version.ts";

interface GoVersion {
  major: string;
  minor: string;
  patch: string;
  /** `alpha`, `beta` or `rc`; empty: a release. */
  kind: string;
  pre: string;
}

const NONE: GoVersion = { major: "", minor: "", patch: "", kind: "", pre: "" };
const NUMBER = "(?:0|[1-9][0-9]*)";
const VERSION = new RegExp(`^(${NUMBER})(?:\\.(${NUMBER})(?:\\.(${NUMBER})|([a-z]+)(${NUMBER})?)?)?$`);
/** From then on a version without a patch is that of the language, and comes before the releases. */
const FIRST_WITH_PATCH = "21";
/** Far more than any has. */
const MAX_CHARS = 100;

/** The version in the name of a release, such as `go1.27.4-suffix`; `undefined`: it is no release's. */
export function versionInName(name: string): string | undefined {
  if (!name.startsWith("go") || /[\\/]/.test(name)) return undefined;
  const version = name.slice(2).split(/[ \t-]/, 1)[0] ?? "";
  return parse(version) === NONE ? undefined : version;
}

/** Whether this is a version of the language alone, which no release has. */
export function isLanguageVersion(version: string): boolean {
  const { major, patch, kind } = parse(version);
  return major !== "" && patch === "" && kind === "";
}

/** Below 0: `a` comes before `b`. What is no version comes before all that are. */
export function compareGoVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  for (const part of ["major", "minor", "patch", "kind", "pre"] as const) {
    const order =
      part === "kind" ? compareText(left.kind, right.kind) : compareNumbers(left[part], right[part]);
    if (order !== 0) return order;
  }
  return 0;
}

function parse(text: string): GoVersion {
  const match = text.length > MAX_CHARS ? null : VERSION.exec(text);
  if (match === null) return NONE;
  const [, major = "", minor, patch = "", kind = "", pre = ""] = match;
  if (minor === undefined) return { ...NONE, major, minor: "0", patch: "0" };
  const isOld = kind === "" && compareNumbers(minor, FIRST_WITH_PATCH) < 0;
  return { major, minor, patch: isOld ? patch || "0" : patch, kind, pre };
}
