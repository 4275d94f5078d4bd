/**
 * Whether a file matches the checksum database. `unknown`: it is exempt (GONOSUMDB) or not in the database, or the
 * database can't be reached.
 */
export type Verdict = "good" | "wrong" | "unknown";
