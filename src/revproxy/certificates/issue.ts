/** Certificates: ECDSA with P-256; keys as PKCS#8. Loaded when the first certificate is made. */
import { isIP, isIPv6 } from "node:net";
import { AsnConvert } from "@peculiar/asn1-schema";
import { GeneralName, GeneralSubtree, GeneralSubtrees, NameConstraints } from "@peculiar/asn1-x509";
import * as x509 from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const NAME_CONSTRAINTS_OID = "2.5.29.30";
const ALL_ADDRESSES = ["0.0.0.0/0", "::/0"];

/** Clients' clocks may be slow by this much. */
const BACKDATE_MS = 3_600_000;

/** A certificate with its key, both PEM, and its expiry. */
export interface KeyedCertificate {
  cert: string;
  key: string;
  notAfterMs: number;
}

export interface Validity {
  nowMs: number;
  lifetimeMs: number;
}

/**
 * A certificate of an authority for these hosts and their subdomains. With `key` (PEM) it renews the authority of that
 * key: either certificate verifies what the other one signed.
 */
export async function issueAuthority(
  hosts: readonly string[],
  validity: Validity,
  key?: string,
): Promise<KeyedCertificate> {
  const keys = key === undefined ? await generateKeys() : await importKeys(key);
  const { notBefore, notAfter } = dates(validity);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    // Different keys have different names: a client that trusts two authorities must not confuse them.
    name: `CN=go-cache-plugin proxy ${await keyMark(keys.publicKey)}, O=go-cache-plugin`,
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.Extension(NAME_CONSTRAINTS_OID, true, nameConstraints(hosts)),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return keyed(certificate, keys.privateKey);
}

/** A server's certificate for one host, signed by the authority. */
export async function issueLeaf(
  authority: KeyedCertificate,
  host: string,
  validity: Validity,
): Promise<KeyedCertificate> {
  const issuer = new x509.X509Certificate(authority.cert);
  const signer = await importKeys(authority.key);
  const keys = await generateKeys();
  const { notBefore, notAfter } = dates(validity);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    // Without the host: a common name is limited to 64 characters.
    subject: "O=go-cache-plugin",
    issuer: issuer.subjectName,
    notBefore: later(notBefore, issuer.notBefore),
    notAfter: earlier(notAfter, issuer.notAfter),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: isIP(host) === 0 ? "dns" : "ip", value: host }]),
      await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return keyed(certificate, keys.privateKey);
}

function dates({ nowMs, lifetimeMs }: Validity): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(nowMs - BACKDATE_MS), notAfter: new Date(nowMs + lifetimeMs) };
}

function later(a: Date, b: Date): Date {
  return a > b ? a : b;
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}

function serialNumber(): string {
  // Positive, and always of the same length.
  return `4${crypto.randomUUID().replaceAll("-", "").slice(1)}`;
}

async function generateKeys(): Promise<CryptoKeyPair> {
  return (await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"])) as CryptoKeyPair;
}

/** The public key comes from the JWK, which holds both. */
async function importKeys(pem: string): Promise<CryptoKeyPair> {
  const [pkcs8] = x509.PemConverter.decode(pem);
  if (pkcs8 === undefined) throw new Error("no private key");
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, ALGORITHM, true, ["sign"]);
  const { d: _, key_ops: __, ...jwk } = await crypto.subtle.exportKey("jwk", privateKey);
  const publicKey = await crypto.subtle.importKey("jwk", jwk, ALGORITHM, true, ["verify"]);
  return { privateKey, publicKey };
}

async function keyMark(key: CryptoKey): Promise<string> {
  const spki = await crypto.subtle.exportKey("spki", key);
  return new Bun.CryptoHasher("sha256").update(spki).digest("hex").slice(0, 8);
}

async function keyed(certificate: x509.X509Certificate, key: CryptoKey): Promise<KeyedCertificate> {
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", key);
  return {
    cert: `${certificate.toString("pem")}\n`,
    key: `${x509.PemConverter.encode(pkcs8, "PRIVATE KEY")}\n`,
    notAfterMs: certificate.notAfter.getTime(),
  };
}

/**
 * Which names an authority may vouch for, as the DER of the extension's value: clients hold it to them. A kind of name
 * that none of the hosts has is excluded: constraints say nothing about kinds that they don't mention.
 */
function nameConstraints(hosts: readonly string[]): ArrayBuffer {
  const addresses = hosts.filter((host) => isIP(host) !== 0);
  const names = hosts.filter((host) => isIP(host) === 0);
  const permitted = [
    ...names.map((dNSName) => new GeneralName({ dNSName })),
    ...addresses.map((host) => new GeneralName({ iPAddress: `${host}/${isIPv6(host) ? 128 : 32}` })),
  ];
  const excluded = [
    ...(names.length === 0 ? [new GeneralName({ dNSName: "" })] : []),
    ...(addresses.length === 0 ? ALL_ADDRESSES.map((iPAddress) => new GeneralName({ iPAddress })) : []),
  ];
  return AsnConvert.serialize(
    new NameConstraints({
      permittedSubtrees: subtrees(permitted),
      ...(excluded.length > 0 ? { excludedSubtrees: subtrees(excluded) } : {}),
    }),
  );
}

function subtrees(names: GeneralName[]): GeneralSubtrees {
  return new GeneralSubtrees(names.map((base) => new GeneralSubtree({ base })));
}
