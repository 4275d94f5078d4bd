/** Which addresses a tunnel may connect to: public ones that are not this machine's own. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import ipaddr from "ipaddr.js";

/** An address that was looked up once and is used as it is: a later lookup changes nothing. */
export interface PinnedAddress {
  address: string;
  family: 4 | 6;
}

/** The addresses of a host that a tunnel may connect to. Rejects when there is no such host. */
export async function publicAddresses(host: string): Promise<PinnedAddress[]> {
  const own = ownAddresses();
  const found = await allAddresses(host);
  return found.filter(({ address }) => isPublicAddress(address) && !own.has(normalized(address)));
}

/** The addresses of a host in any network. Rejects when there is no such host. */
export async function allAddresses(host: string): Promise<PinnedAddress[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => ({ address, family: isIP(address) === 6 ? 6 : 4 }));
}

/** Whether an address is public: not private, link-local, loopback or multicast. */
export function isPublicAddress(address: string): boolean {
  // An IPv4-mapped address counts as the IPv4 address.
  return ipaddr.isValid(address) && ipaddr.process(address).range() === "unicast";
}

function ownAddresses(): Set<string> {
  const interfaces = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return new Set(interfaces.map(({ address }) => normalized(address)));
}

function normalized(address: string): string {
  return ipaddr.process(address.replace(/%.*$/, "")).toString();
}
