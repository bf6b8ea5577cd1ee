import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPublicAddress } from "../../../../functions/shared/adapters/public-address.ts";

describe("an address that anybody could reach", () => {
  test.each([
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450:4001:82a::200e",
    "2003::1",
  ])("%s", (address) => expect(isPublicAddress(address)).toBe(true));
});

describe("an address that is somebody's own, and may be ours", () => {
  test.each([
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.0.0",
    "169.254.169.254",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.0",
    "192.168.255.255",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
  ])("%s", (address) => expect(isPublicAddress(address)).toBe(false));
});

test("what is no address is not public", () => {
  for (const text of ["", "localhost", "2130706433", "127.1", "0x7f.0.0.1", "[::1]", "1.1.1.1 "]) {
    expect(isPublicAddress(text)).toBe(false);
  }
});

test("an IPv4 address is as public in every clothing of IPv6 as no address at all", () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
      const hex = (n: number) => n.toString(16).padStart(2, "0");
      for (const clothed of [
        `::ffff:${address}`,
        `::${address}`,
        `64:ff9b::${address}`,
        `2002:${hex(a)}${hex(b)}:${hex(c)}${hex(d)}::1`,
      ]) {
        expect(isPublicAddress(clothed), clothed).toBe(false);
      }
    }),
  );
});
