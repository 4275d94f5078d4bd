import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./process.ts";

/** A self-signed certificate for `localhost` and `127.0.0.1`, with its key. */
export interface Certificate {
  certPath: string;
  keyPath: string;
  /** PEM. */
  cert: string;
  key: string;
}

/** Makes a certificate in `dir` with the `openssl` command, good for further `hosts` as well. */
export async function makeCertificate(dir: string, hosts: readonly string[] = []): Promise<Certificate> {
  const [certPath, keyPath] = [join(dir, "cert.pem"), join(dir, "key.pem")];
  const further = hosts.map((host) => `,DNS:${host}`).join("");
  const names = `subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1${further}`;
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const argv = [
    "openssl",
    "req",
    ...kind,
    "-subj",
    "/CN=localhost",
    "-addext",
    names,
    "-keyout",
    keyPath,
    "-out",
    certPath,
  ];
  const { exitCode, stderr } = await run(argv);
  if (exitCode !== 0) throw new Error(`openssl: ${stderr}`);
  return { certPath, keyPath, cert: readFileSync(certPath, "utf8"), key: readFileSync(keyPath, "utf8") };
}
