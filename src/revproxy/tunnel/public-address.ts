/** Which addresses strangers may be connected to: those of the public network that are not this machine's own. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import ipaddr from "ipaddr.js";

/** An address that was looked up, and is connected to as it is: another answer later changes nothing. */
export interface PinnedAddress {
  address: string;
  family: 4 | 6;
}

/** All the addresses of a host that may be connected to. Rejects when there is no such host. */
export async function publicAddresses(host: string): Promise<PinnedAddress[]> {
  const own = ownAddresses();
  const found = await allAddresses(host);
  return found.filter(({ address }) => isPublicAddress(address) && !own.has(normalized(address)));
}

/** All the addresses of a host, of whatever network. Rejects when there is no such host. */
export async function allAddresses(host: string): Promise<PinnedAddress[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => ({ address, family: isIP(address) === 6 ? 6 : 4 }));
}

/** Whether it belongs to the public network: not private, local to the link or the machine, or for many. */
export function isPublicAddress(address: string): boolean {
  // An IPv4 address in IPv6's clothes counts as what it is.
  return ipaddr.isValid(address) && ipaddr.process(address).range() === "unicast";
}

function ownAddresses(): Set<string> {
  const interfaces = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return new Set(interfaces.map(({ address }) => normalized(address)));
}

function normalized(address: string): string {
  return ipaddr.process(address.replace(/%.*$/, "")).toString();
}
