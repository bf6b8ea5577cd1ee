import { BlockList, isIP } from "node:net";

/**
 * Whether anybody on the internet could reach this address too: not this machine, its network, its cloud's
 * metadata, or an IPv4 address in the clothes of IPv6 (mapped, NAT64, 6to4, Teredo), which may be any of these.
 * By the IANA special-purpose registries; of IPv6 only what is allocated as global unicast is public.
 */
export const isPublicAddress = (address: string): boolean => {
  switch (isIP(address)) {
    case 4:
      return !SPECIAL.check(address, "ipv4");
    case 6:
      return GLOBAL_UNICAST.check(address, "ipv6") && !SPECIAL.check(address, "ipv6");
    default:
      return false;
  }
};

const blockList = (
  family: "ipv4" | "ipv6",
  subnets: readonly string[],
  list = new BlockList(),
): BlockList => {
  for (const subnet of subnets) {
    const [net = "", prefix] = subnet.split("/");
    list.addSubnet(net, Number(prefix), family);
  }
  return list;
};

const GLOBAL_UNICAST = blockList("ipv6", ["2000::/3"]);

const SPECIAL = blockList(
  "ipv6",
  [
    "2001::/23", // protocol assignments: Teredo, ORCHID, benchmarks
    "2001:db8::/32", // documentation
    "2002::/16", // 6to4
    "3fff::/20", // documentation
  ],
  blockList("ipv4", [
    "0.0.0.0/8", // this network
    "10.0.0.0/8", // private
    "100.64.0.0/10", // carrier-grade NAT
    "127.0.0.0/8", // loopback
    "169.254.0.0/16", // link-local, and the metadata of clouds
    "172.16.0.0/12", // private
    "192.0.0.0/24", // protocol assignments
    "192.0.2.0/24", // documentation
    "192.31.196.0/24", // AS112
    "192.52.193.0/24", // AMT
    "192.88.99.0/24", // 6to4 relays
    "192.168.0.0/16", // private
    "192.175.48.0/24", // AS112
    "198.18.0.0/15", // benchmarks
    "198.51.100.0/24", // documentation
    "203.0.113.0/24", // documentation
    "224.0.0.0/4", // multicast
    "240.0.0.0/4", // reserved, and broadcast
  ]),
);
