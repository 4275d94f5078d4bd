/** Module paths and versions in URLs: `!` and a small letter for each capital (golang.org/x/mod/module). */

/** The name of a file that no proxy can have. */
export class NameError extends Error {
  override name = "NameError" as const;
}

const RESERVED = /^(con|prn|aux|nul|com[1-9]|lpt[1-9])$/i;
const PATH_CHARS = /^[A-Za-z0-9._~-]+$/;
/** No file can have a longer name, and patterns of GOPRIVATE take quadratic time. */
const MAX_PART_CHARS = 255;
const VERSION_CHARS = /^[A-Za-z0-9!#$%&()+,\-.=@[\]^_{}~ ]+$/;

/** The module path that `escaped` stands for. Throws a `NameError` if there is none. */
export function unescapePath(escaped: string): string {
  const path = unbang(escaped);
  const fault = path === undefined ? "invalid escape" : pathFault(path);
  if (path === undefined || fault !== undefined) {
    throw new NameError(`invalid escaped module path ${JSON.stringify(escaped)}: ${fault}`);
  }
  return path;
}

/** The same for a version, a branch, or another one-part name of a revision. */
export function unescapeVersion(escaped: string): string {
  const version = unbang(escaped);
  const fault = version === undefined ? "invalid escape" : versionFault(version);
  if (version === undefined || fault !== undefined) {
    throw new NameError(`invalid escaped version ${JSON.stringify(escaped)}: ${fault}`);
  }
  return version;
}

/** `name`: a valid path or version. */
export function escapeName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);
}

/** Whether `path` can be a module's, unescaped. */
export function isModulePath(path: string): boolean {
  return pathFault(path) === undefined;
}

/** Why `path` is no module path; `undefined`: it is one. */
function pathFault(path: string): string | undefined {
  const elements = path.split("/");
  const [first = ""] = elements;
  if (path.startsWith("-") || first.startsWith("-")) return "leading dash";
  if (!first.includes(".")) return "missing dot in first path element";
  if (!/^[a-z0-9.-]+$/.test(first)) return "invalid char in first path element";
  for (const element of elements) {
    const fault = elementFault(element);
    if (fault !== undefined) return fault;
  }
  return majorFault(path);
}

function elementFault(element: string): string | undefined {
  if (element === "") return "empty path element";
  if (element.length > MAX_PART_CHARS) return "path element too long";
  if (element.startsWith(".")) return "leading dot in path element";
  if (element.endsWith(".")) return "trailing dot in path element";
  if (!PATH_CHARS.test(element)) return "invalid char in path element";
  const stem = element.split(".")[0] ?? "";
  if (RESERVED.test(stem)) return "disallowed path element";
  return /~\d+$/.test(stem) ? "trailing tilde and digits in path element" : undefined;
}

function majorFault(path: string): string | undefined {
  if (path.startsWith("gopkg.in/")) {
    return /\.v(0|[1-9]\d*)(-unstable)?$/.test(path) ? undefined : "missing version at the end";
  }
  const major = /\/v(\d+)$/.exec(path)?.[1];
  const isWrong = major !== undefined && (major.startsWith("0") || major === "1");
  return isWrong ? "invalid major version at the end" : undefined;
}

function versionFault(version: string): string | undefined {
  if (version === "") return "empty";
  if (/^\.+$/.test(version) || version.endsWith(".")) return "trailing dot";
  if (version.includes("!") || !VERSION_CHARS.test(version)) return "invalid char";
  return RESERVED.test(version.split(".")[0] ?? "") ? "disallowed" : undefined;
}

/** `undefined` for capitals, a `!` without a letter after it, and other characters than ASCII. */
function unbang(escaped: string): string | undefined {
  if (!/^[\x20-\x7e]*$/.test(escaped) || /[A-Z]|!(?![a-z])/.test(escaped)) return undefined;
  return escaped.replaceAll(/!([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
