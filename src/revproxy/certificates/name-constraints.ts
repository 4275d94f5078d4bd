/** Which names an authority may vouch for: written into its certificate, so that clients hold it to them. */
import { isIP, isIPv6 } from "node:net";
import { AsnConvert } from "@peculiar/asn1-schema";
import { GeneralName, GeneralSubtree, GeneralSubtrees, NameConstraints } from "@peculiar/asn1-x509";

const ALL_ADDRESSES = ["0.0.0.0/0", "::/0"];

/**
 * The DER of the extension's value for these hosts. A kind of name that none of them is of is excluded whole:
 * constraints say nothing about kinds that they don't mention.
 */
export function nameConstraints(hosts: readonly string[]): ArrayBuffer {
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
