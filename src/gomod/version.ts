/** Module versions, as golang.org/x/mod/semver and /module read them. */

const NUMBER = "(?:0|[1-9]\\d*)";
const PRE_PART = "(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)";
const SEMVER = new RegExp(
  `^v(${NUMBER})\\.(${NUMBER})\\.(${NUMBER})(?:-(${PRE_PART}(?:\\.${PRE_PART})*))?(\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);
const PSEUDO =
  /^v[0-9]+\.(0\.0-|\d+\.\d+-([^+]*\.)?0\.)\d{14}-[A-Za-z0-9]+(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;
const INCOMPATIBLE = "+incompatible";
/** No file can have a longer name, and the expressions take seconds for a very long one. */
const MAX_CHARS = 255;

/** Whether `version` has all three numbers and no build data but `+incompatible`. */
export function isCanonical(version: string): boolean {
  const match = parse(version);
  return match !== null && (match[5] === undefined || match[5] === INCOMPATIBLE);
}

/** Whether a canonical version fits the module at `path`: both have the same major version. */
export function matchesPath(version: string, path: string): boolean {
  const pathMajor = pathMajorOf(path).replace(/-unstable$/, "");
  if (pathMajor === ".v1" && version.startsWith("v0.0.0-")) return true;
  const major = /^v\d+/.exec(version)?.[0] ?? "";
  if (pathMajor !== "") return major === pathMajor.slice(1);
  return major === "v0" || major === "v1" || version.endsWith(INCOMPATIBLE);
}

/** `null`: no version. */
function parse(version: string): RegExpExecArray | null {
  return version.length > MAX_CHARS ? null : SEMVER.exec(version);
}

/** Whether a valid version is a pseudo-version, which names a commit without a tag. */
function isPseudo(version: string): boolean {
  return PSEUDO.test(version) && version.split("-").length > 2;
}

/** The tagged versions of a list, each once, in semantic order. */
export function sortedVersions(list: string): string[] {
  const versions = list.split("\n").map((line) => line.trim().split(/\s/)[0] ?? "");
  const releases = versions.filter((version) => parse(version) !== null && !isPseudo(version));
  return [...new Set(releases)].sort(compareVersions);
}

/** Below 0: `a` comes before `b`. Both have to be valid. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  for (const part of [1, 2, 3]) {
    const order = compareNumbers(left?.[part] ?? "", right?.[part] ?? "");
    if (order !== 0) return order;
  }
  return comparePre(left?.[4], right?.[4]) || compareText(a, b);
}

/** A release comes after its pre-releases. */
function comparePre(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const [left, right] = [a.split("."), b.split(".")];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = comparePreParts(left[i] ?? "", right[i] ?? "");
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function comparePreParts(a: string, b: string): number {
  const [isNumberA, isNumberB] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumberA && isNumberB) return compareNumbers(a, b);
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
  return compareText(a, b);
}

/** Numbers of any length without leading zeros. None, an empty text, comes first. */
export function compareNumbers(a: string, b: string): number {
  return a.length - b.length || compareText(a, b);
}

export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The path's suffix with the major version: `/v2`, below gopkg.in `.v2` or `.v2-unstable`, or nothing. */
function pathMajorOf(path: string): string {
  if (path.startsWith("gopkg.in/")) return /\.v\d+(-unstable)?$/.exec(path)?.[0] ?? "";
  return /\/v([2-9]|[1-9]\d+)$/.exec(path)?.[0] ?? "";
}
