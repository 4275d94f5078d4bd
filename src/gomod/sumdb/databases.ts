/** Checksum databases: those that the proxy passes on (`--sumdb`), and the one that go asks (GOSUMDB). */
import { quoteEntry } from "../../lib/text/hide-secrets.ts";
import { parseVerifier, type Verifier } from "./note.ts";

export interface Database {
  /** As in URLs. */
  name: string;
  /** Its own address, for when no proxy passes it on. */
  url: string;
  /** `undefined`: its key is not known, so its signatures can't be checked. */
  verifier: Verifier | undefined;
}

/** The key of Go's own database, as cmd/go has it (go/src/cmd/go/internal/modfetch/key.go). */
const GO_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
const DEFAULT_NAMES = ["sum.golang.org", "sum.golang.google.cn"];

/**
 * Each entry is `name`, `name url`, `key` or `key url`, with keys as in GOSUMDB. Without entries: Go's own databases.
 * `goSumdb` (GOSUMDB) may give the key of one of them. Throws for any other entry.
 */
export function parseDatabases(entries: readonly string[], goSumdb: string): Map<string, Database> {
  const databases = (entries.length === 0 ? DEFAULT_NAMES : entries).map((entry, _, list) =>
    parseDatabase(entry, list),
  );
  const known = parseGoSumdb(goSumdb);
  return new Map(
    databases.map((database) => {
      const isSame = known?.name === database.name && database.verifier === undefined;
      return [database.name, isSame ? { ...database, verifier: known.verifier } : database];
    }),
  );
}

/** `list`: all entries. */
function parseDatabase(entry: string, list: readonly string[]): Database {
  const [first = "", url, ...rest] = entry.trim().split(/\s+/);
  if (first === "" || rest.length > 0) throw new Error(`not a checksum database: ${quoteEntry(entry, list)}`);
  const verifier = first.includes("+") ? parseVerifier(first) : knownVerifier(first);
  const name = first.includes("+") ? (verifier?.name ?? "") : first;
  if (!/^[a-z0-9][a-z0-9.-]*$/i.test(name))
    throw new Error(`not the name of a checksum database: ${quoteEntry(name, list)}`);
  const base = url ?? `https://${name}`;
  if (!/^https?:\/\//.test(base) || URL.parse(base) === null) {
    throw new Error(`not the URL of a checksum database: ${quoteEntry(base, list)}`);
  }
  return { name, url: base.replace(/\/+$/, ""), verifier };
}

function knownVerifier(name: string): Verifier | undefined {
  return DEFAULT_NAMES.includes(name) ? parseVerifier(GO_KEY) : undefined;
}

/** The database in GOSUMDB; `undefined`: it is off, or none that go would take. */
export function parseGoSumdb(goSumdb: string): Database | undefined {
  try {
    return goSumdb === "off" ? undefined : parseDatabase(goSumdb, [goSumdb]);
  } catch {
    return undefined;
  }
}
