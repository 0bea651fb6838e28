/** Ranges of IP addresses, in one notation for settings and checks: `10.0.0.0/8`, `::1`, or a word such as `loopback`. */
import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Words for ranges that nobody knows by heart. */
const namedRanges: Record<string, string[]> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};

/** An IPv4 address in an IPv6 coat (`::ffff:10.0.0.1`) counts as itself. Undefined for what is no address. */
function parseAddress(text: string): Address | undefined {
  return ipaddr.isValid(text) ? ipaddr.process(text) : undefined;
}

export function isRange(text: string): boolean {
  return Object.hasOwn(namedRanges, text) || ipaddr.isValidCIDR(text) || ipaddr.isValid(text);
}

/** Whether an address is in one of the ranges. What is no address is in none. */
export function isInRanges(text: string, ranges: readonly string[]): boolean {
  const address = parseAddress(text);
  return address !== undefined && ranges.flatMap(expand).some((range) => isIn(address, range));
}

/** Whether the internet routes to it: not private, link-local, multicast, reserved, or translated to one of those. */
export function isPublicAddress(text: string): boolean {
  return parseAddress(text)?.range() === "unicast";
}

/** What limits count by: an IPv4 address as it is, and of an IPv6 one the network that one customer has (/64). */
export function addressKey(text: string): string {
  const address = parseAddress(text);
  if (!(address instanceof ipaddr.IPv6)) return address?.toString() ?? "unknown";
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address.toNormalizedString()}/64`).toString()}/64`;
}

function expand(range: string): string[] {
  return namedRanges[range] ?? [range];
}

function isIn(address: Address, range: string): boolean {
  const [network, bits] = ipaddr.isValidCIDR(range) ? ipaddr.parseCIDR(range) : wholeAddress(range);
  return address.kind() === network.kind() && address.match(network, bits);
}

function wholeAddress(text: string): [Address, number] {
  const address = ipaddr.process(text);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}
