import { readFileSync } from "node:fs";
import { createSecureContext, getCACertificates, rootCertificates, type SecureContext } from "node:tls";

/** Variables that name files of further authorities, for OpenSSL, Node and curl. */
const VARIABLES = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE"];

/**
 * The authorities that origins' certificates are verified against: those built into the program, those of this machine,
 * and those in the files that the environment names. An unreadable file is skipped.
 */
export function originTrust(env: Readonly<Record<string, string | undefined>>): SecureContext {
  const files = VARIABLES.map((name) => env[name] ?? "").filter((path) => path !== "");
  const extra = [...new Set(files)].flatMap(readCertificates);
  return createSecureContext({ ca: [...new Set([...rootCertificates, ...systemCertificates(), ...extra])] });
}

function systemCertificates(): string[] {
  try {
    return getCACertificates("system");
  } catch {
    return [];
  }
}

function readCertificates(path: string): string[] {
  try {
    const text = readFileSync(path, "latin1");
    return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  } catch {
    return [];
  }
}
