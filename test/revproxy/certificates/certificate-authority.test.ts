import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, statSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { CertificateAuthority } from "../../../src/revproxy/certificates/certificate-authority.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { testOnPosix } from "../../support/platform.ts";
import { run } from "../../support/process.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const HOUR_MS = 3_600_000;

let dir: TempDir;
let clock: ManualClock;
beforeEach(() => {
  dir = tempDir("ca");
  clock = new ManualClock();
});
afterEach(() => dir[Symbol.dispose]());

async function open(hosts: string[], lifetimes?: { authorityMs: number; leafMs: number }) {
  const troubles: unknown[] = [];
  const authority = await CertificateAuthority.open({
    path: dir.join("state/ca.pem"),
    hosts,
    clock,
    onEphemeral: (error) => troubles.push(error),
    ...(lifetimes === undefined ? {} : { lifetimes }),
  });
  return { authority, troubles };
}

/** The output of `openssl verify` for a host's certificate, at the clock's time. */
async function verify(authority: CertificateAuthority, host: string, trusted = authority.cert) {
  const leaf = await authority.leafFor(host);
  writeFileSync(dir.join("leaf.pem"), leaf.cert);
  writeFileSync(dir.join("trusted.pem"), trusted);
  const at = String(Math.floor(clock.nowMs() / 1000));
  const name = isIP(host) !== 0 ? ["-verify_ip", host] : ["-verify_hostname", host];
  const options = ["-purpose", "sslserver", "-attime", at, ...name, "-CAfile", dir.join("trusted.pem")];
  const { exitCode, stderr } = await run(["openssl", "verify", ...options, dir.join("leaf.pem")]);
  return exitCode === 0 ? "OK" : (/error \d+ at .*?: (.*)/.exec(stderr)?.[1] ?? stderr);
}

describe("an authority", () => {
  test("is refused by clients for hosts that it was not made for", async () => {
    const { authority } = await open(["example.com", "other.example"]);
    const found: string[] = [];
    for (const host of ["example.org", "notexample.com", "127.0.0.1", "::1"])
      found.push(await verify(authority, host));
    expect(found).toEqual([
      "permitted subtree violation",
      "permitted subtree violation",
      "excluded subtree violation",
      "excluded subtree violation",
    ]);
  });

  test("certifies its hosts and their subdomains", async () => {
    const { authority } = await open(["example.com", "10.1.2.3", "fd00::1"]);
    const found: string[] = [];
    for (const host of ["example.com", "a.b.example.com", "10.1.2.3", "fd00::1"]) {
      found.push(await verify(authority, host));
    }
    expect(found).toEqual(["OK", "OK", "OK", "OK"]);
    expect(await verify(authority, "10.1.2.4")).toBe("permitted subtree violation");
  });

  test("for addresses only certifies no names", async () => {
    const { authority } = await open(["10.1.2.3"]);
    expect(await verify(authority, "10.1.2.3")).toBe("OK");
    expect(await verify(authority, "example.com")).toBe("excluded subtree violation");
  });

  testOnPosix("is saved in a file that only its owner can read, and loaded again", async () => {
    const first = await open(["example.com"]);
    expect(statSync(dir.join("state/ca.pem")).mode & 0o777).toBe(0o600);
    const second = await open(["example.com"]);
    expect(second.authority.cert).toBe(first.authority.cert);
    expect(await verify(second.authority, "example.com", first.authority.cert)).toBe("OK");
  });

  testOnPosix("is replaced when others could have read its key, or hosts were added", async () => {
    const first = await open(["example.com"]);
    chmodSync(dir.join("state/ca.pem"), 0o644);
    const second = await open(["example.com"]);
    expect(second.authority.cert).not.toBe(first.authority.cert);
    const third = await open(["example.com", "other.example"]);
    expect(third.authority.cert).not.toBe(second.authority.cert);
    expect((await open(["other.example"])).authority.cert).toBe(third.authority.cert);
  });

  test("ends with the process when it can't be saved", async () => {
    writeFileSync(dir.join("state"), "in the way");
    const { authority, troubles } = await open(["example.com"]);
    expect(troubles.length).toBe(1);
    expect(await verify(authority, "example.com")).toBe("OK");
    expect(existsSync(dir.join("state/ca.pem"))).toBe(false);
  });

  test("renews itself and its leaves, and clients that trust the older certificate go on", async () => {
    const lifetimes = { authorityMs: 24 * HOUR_MS, leafMs: 6 * HOUR_MS };
    const { authority } = await open(["example.com"], lifetimes);
    const certs: string[] = [authority.cert];
    const leaves = new Set<string>();
    for (let hour = 0; hour <= 26; hour++) {
      const trusted = certs[Math.max(0, certs.length - 8)];
      leaves.add((await authority.leafFor("example.com")).cert);
      expect({ hour, verdict: await verify(authority, "example.com", trusted) }).toEqual({
        hour,
        verdict: "OK",
      });
      certs.push(authority.cert);
      clock.advance(HOUR_MS);
    }
    expect(new Set(certs).size).toBe(2);
    expect(leaves.size).toBe(7);
  });
});
