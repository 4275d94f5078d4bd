/** The list of authorities that all programs of a machine trust. It takes an administrator to change it. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeFile } from "../lib/files/remove-file.ts";

/** The machine, which tests replace. */
export interface TrustPlace {
  platform: NodeJS.Platform;
  /** Instead of `/`. */
  root: string;
  /** Runs a command; throws with its output when it fails. */
  run: (argv: string[]) => void;
}

const NAME = "go-cache-plugin-proxy";
const MAC_KEYCHAIN = "/Library/Keychains/System.keychain";

/** Where Linux distributions read further authorities from, and the commands that apply them. */
const LINUX_PLACES = [
  { dir: "usr/local/share/ca-certificates", update: ["update-ca-certificates"] },
  { dir: "etc/pki/ca-trust/source/anchors", update: ["update-ca-trust", "extract"] },
  { dir: "etc/ca-certificates/trust-source/anchors", update: ["trust", "extract-compat"] },
  { dir: "usr/share/pki/trust/anchors", update: ["update-ca-certificates"] },
];

/** Adds the certificate; one that was added before is replaced. Returns where it is. `path`: a file with it. */
export function installTrust(place: TrustPlace, cert: string, path: string): string {
  if (place.platform === "darwin") {
    place.run(["security", "add-trusted-cert", "-d", "-r", "trustRoot", "-k", MAC_KEYCHAIN, path]);
    return MAC_KEYCHAIN;
  }
  if (place.platform === "win32") {
    place.run(["certutil", "-addstore", "-f", "Root", path]);
    return "the machine's root store";
  }
  const { file, update } = linuxPlace(place);
  writeFileSync(file, cert, { mode: 0o644 });
  place.run(update);
  return file;
}

/** Takes it out again. `fingerprint`: its SHA-1 in hex, by which some systems know it. */
export function uninstallTrust(place: TrustPlace, fingerprint: string): void {
  if (place.platform === "darwin") {
    place.run(["security", "delete-certificate", "-Z", fingerprint, MAC_KEYCHAIN]);
  } else if (place.platform === "win32") {
    place.run(["certutil", "-delstore", "Root", fingerprint]);
  } else {
    const { file, update } = linuxPlace(place);
    if (existsSync(file) && !removeFile(file)) throw new Error(`${file} can't be removed without root`);
    place.run(update);
  }
}

function linuxPlace({ root }: TrustPlace): { file: string; update: string[] } {
  const found = LINUX_PLACES.find(({ dir }) => existsSync(join(root, dir)));
  if (found === undefined) {
    throw new Error(
      'the certificate store of this system is unknown; give programs the file that "ca print" writes',
    );
  }
  return { file: join(root, found.dir, `${NAME}.crt`), update: found.update };
}
