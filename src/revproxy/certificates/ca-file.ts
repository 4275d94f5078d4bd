/**
 * The authority on disk: one file that only its owner can read.
 *
 *     -----BEGIN CERTIFICATE-----   the certificate
 *     -----BEGIN PRIVATE KEY-----   its key, PKCS#8
 *     # hosts: example.com internal.example   what its name constraints permit
 */
import { X509Certificate } from "node:crypto";
import { lstatSync } from "node:fs";
import { replaceFile } from "../../lib/files/replace-file.ts";
import { readSmallFile } from "../../lib/files/small-file.ts";
import type { KeyedCertificate } from "./issue.ts";

/** An authority, and the hosts that it may certify. */
export interface SavedAuthority extends KeyedCertificate {
  hosts: string[];
}

/** `undefined` when the file is missing or damaged, or when users other than its owner can read it. */
export function loadAuthority(path: string): SavedAuthority | undefined {
  try {
    const { mode, uid } = lstatSync(path);
    if (process.platform !== "win32" && ((mode & 0o077) !== 0 || uid !== process.getuid?.()))
      return undefined;
    const text = readSmallFile(path).toString();
    const cert = block(text, "CERTIFICATE");
    const key = block(text, "PRIVATE KEY");
    const hosts = /^# hosts: (.*)$/m.exec(text)?.[1]?.split(" ");
    if (cert === undefined || key === undefined || hosts === undefined) return undefined;
    return { cert, key, hosts, notAfterMs: Date.parse(new X509Certificate(cert).validTo) };
  } catch {
    return undefined;
  }
}

/** Writes a file that only its owner can read. Throws when the disk fails. */
export function saveAuthority(path: string, { cert, key, hosts }: SavedAuthority): void {
  replaceFile(path, `${cert}${key}# hosts: ${hosts.join(" ")}\n`);
}

function block(text: string, kind: string): string | undefined {
  const found = new RegExp(`-----BEGIN ${kind}-----[^-]+-----END ${kind}-----`).exec(text)?.[0];
  return found === undefined ? undefined : `${found}\n`;
}
