import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Address, createWebClient } from "../../functions/shared/adapters/web-client.ts";
import type { Fetched } from "../../functions/shared/ports/web.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const MIB = 1024 * 1024;
const DOMAINS = ["docs.example.com", "*.wiki.example.com"];
const HOME = "https://docs.example.com/page";
const LOOPBACK: readonly Address[] = [{ address: "127.0.0.1", family: 4 }];

let server: Server;
let port: number;
let handle: Handler;
let asked: IncomingMessage[];
let resolved: string[];
let closed: Promise<void>[];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request);
    closed.push(new Promise((resolve) => request.socket.once("close", () => resolve())));
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  asked = [];
  resolved = [];
  closed = [];
  handle = (_, response) => response.end("hello");
});

interface Options {
  /** One answer per time that a host is resolved; the last one stays. */
  readonly answers?: readonly (readonly Address[] | Error)[];
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly domains?: readonly string[];
}

const get = (url: string, options: Options = {}): Promise<Fetched> => {
  const answers = [...(options.answers ?? [LOOPBACK])];
  const client = createWebClient({
    loopback: { port, isPlain: true },
    resolve: async (hostname) => {
      resolved.push(hostname);
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer instanceof Error) throw answer;
      return answer ?? [];
    },
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  const signal = options.signal ?? new AbortController().signal;
  return client.get(url, { domains: options.domains ?? DOMAINS, signal });
};

const answering =
  (body: string | Buffer, headers: Record<string, string> = {}, status = 200): Handler =>
  (_, response) => {
    response.writeHead(status, { "content-type": "text/plain; charset=utf-8", ...headers }).end(body);
  };

/** Sends as much as is taken, up to this much, and as long as somebody listens. */
const sending =
  (bytes: number, headers: Record<string, string> = {}): Handler =>
  (_, response) => {
    response.writeHead(200, { "content-type": "text/plain", ...headers });
    const chunk = Buffer.alloc(64 * 1024, "x");
    let left = bytes;
    const more = (): void => {
      while (left > 0 && !response.destroyed) {
        left -= chunk.length;
        if (!response.write(chunk)) {
          response.once("drain", more);
          return;
        }
      }
      response.end();
    };
    more();
  };

describe("a page", () => {
  test("is read, by name and without anything of ours", async () => {
    expect(await get("https://docs.example.com/page?q=1#part")).toEqual({
      ok: true,
      url: "https://docs.example.com/page?q=1",
      contentType: "text/plain",
      text: "hello",
    });
    expect(asked[0]?.url).toBe("/page?q=1");
    expect(Object.keys(asked[0]?.headers ?? {}).sort()).toEqual([
      "accept",
      "accept-encoding",
      "connection",
      "host",
      "user-agent",
    ]);
    expect(asked[0]?.headers.host).toBe("docs.example.com");
  });

  test.each([
    ["gzip", gzipSync("größe")],
    ["br", brotliCompressSync("größe")],
    ["deflate", deflateSync("größe")],
    ["identity", Buffer.from("größe")],
  ])("is unpacked from %s", async (encoding, body) => {
    handle = answering(body, { "content-encoding": encoding });
    expect(await get(HOME)).toMatchObject({ text: "größe" });
  });

  test("is read in its own alphabet, and in UTF-8 when that is unknown", async () => {
    handle = answering(Buffer.from([0x67, 0x72, 0xf6]), { "content-type": "text/html; charset=ISO-8859-1" });
    expect(await get(HOME)).toMatchObject({ text: "grö", contentType: "text/html" });
    handle = answering("grö", { "content-type": 'text/html; charset="klingon"' });
    expect(await get(HOME)).toMatchObject({ text: "grö" });
  });

  test("may be of 2 MiB", async () => {
    handle = sending(2 * MIB);
    const fetched = await get(HOME);
    expect(fetched.ok && fetched.text.length).toBe(2 * MIB);
  });

  test.each(["application/json", "application/feed+xml", "text/markdown"])(
    "may be %s",
    async (contentType) => {
      handle = answering("{}", { "content-type": contentType });
      expect(await get(HOME)).toMatchObject({ ok: true, contentType });
    },
  );

  test.each(["image/png", "application/octet-stream", "application/pdf"])(
    "may not be %s",
    async (contentType) => {
      handle = sending(10 * MIB, { "content-type": contentType });
      expect(await get(HOME)).toMatchObject({ ok: false, code: "UNSUPPORTED_CONTENT" });
      await closed[0];
    },
  );

  test.each([404, 500, 304])("that the host answers with %i is no page", async (status) => {
    handle = answering("", {}, status);
    expect(await get(HOME)).toEqual({
      ok: false,
      code: "HTTP_STATUS",
      problem: `the host answered ${status}`,
    });
  });
});

describe("[bad-input 61] an address that must not be asked", () => {
  test.each([
    "http://169.254.169.254/latest/meta-data",
    "https://169.254.169.254/latest/meta-data",
    "http://[::ffff:127.0.0.1]/",
    "https://[::ffff:127.0.0.1]/",
    "http://2130706433/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://017700000001/",
    "https://localhost./",
    "https://localhost/",
    "https://docs.example.com./page",
    "file:///etc/passwd",
    "ftp://docs.example.com/",
    "gopher://docs.example.com/",
    "data:text/plain,x",
    "http://docs.example.com/page",
    "https://docs.example.com:8443/page",
    "https://user@docs.example.com/page",
    "https://user:password@docs.example.com/page",
    "https://docs.example.com@169.254.169.254/page",
    "https://docs.example.com.evil.example/",
    "https://evildocs.example.com/",
    "https://wiki.example.com/",
    "https://other.example.com/",
    "/page",
    "",
    `https://docs.example.com/${"x".repeat(3_000)}`,
  ])("%s", async (url) => {
    expect(await get(url)).toMatchObject({ ok: false, code: "URL_FORBIDDEN" });
    expect(resolved).toEqual([]);
    expect(asked).toEqual([]);
  });

  test.each([
    "10.0.0.1",
    "169.254.169.254",
    "192.168.1.1",
    "100.64.0.1",
    "0.0.0.0",
    "::1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "fe80::1",
    "fd00::1",
    "127.0.0.2",
  ])("a name of %s", async (address) => {
    const family = address.includes(":") ? 6 : 4;
    expect(await get(HOME, { answers: [[{ address, family }]] })).toEqual({
      ok: false,
      code: "URL_FORBIDDEN",
      problem: "docs.example.com is an address that is not public",
    });
    expect(asked).toEqual([]);
  });

  test("a name that is a public address and also a private one (B2)", async () => {
    const answers = [[...LOOPBACK, { address: "10.0.0.1", family: 4 }]];
    expect(await get(HOME, { answers })).toMatchObject({ code: "URL_FORBIDDEN" });
    expect(asked).toEqual([]);
  });
});

test("[bad-input 61] a name that is another address when it is asked again is not asked again (B1)", async () => {
  const answers = [LOOPBACK, [{ address: "169.254.169.254", family: 4 }]];
  expect(await get(HOME, { answers })).toMatchObject({ ok: true, text: "hello" });
  expect(resolved).toEqual(["docs.example.com"]);
});

test("a name below an allowed domain is allowed", async () => {
  expect(await get("https://a.b.wiki.example.com/")).toMatchObject({ ok: true });
});

describe("redirects", () => {
  const chain =
    (locations: readonly string[]): Handler =>
    (_, response) => {
      const location = locations[asked.length - 1];
      if (location === undefined) response.writeHead(200, { "content-type": "text/plain" }).end("there");
      else response.writeHead(302, { location, "set-cookie": "a=b" }).end("moved");
    };

  test("are followed three times, relative ones too, and carry nothing along", async () => {
    handle = chain(["/b", "https://x.wiki.example.com/c", "https://docs.example.com/d"]);
    expect(await get(HOME)).toMatchObject({ ok: true, url: "https://docs.example.com/d", text: "there" });
    expect(asked.map(({ url, headers }) => `${headers.host}${url}`)).toEqual([
      "docs.example.com/page",
      "docs.example.com/b",
      "x.wiki.example.com/c",
      "docs.example.com/d",
    ]);
    expect(asked.some(({ headers }) => headers.cookie ?? headers.referer)).toBe(false);
    expect(resolved).toHaveLength(4);
  });

  test("[bad-input 61] are too many at four, and endless ones end", async () => {
    handle = (_, response) => response.writeHead(302, { location: "/again" }).end();
    expect(await get(HOME)).toEqual({
      ok: false,
      code: "TOO_MANY_REDIRECTS",
      problem: "there were more than 3 redirects",
    });
    expect(asked).toHaveLength(4);
  });

  test.each([
    "http://docs.example.com/",
    "https://169.254.169.254/",
    "https://evil.example/",
    "//evil.example/",
    "file:///etc/passwd",
    "https://docs.example.com:444/",
  ])("[bad-input 61] do not lead to %s (B3)", async (location) => {
    handle = chain([location]);
    expect(await get(HOME)).toMatchObject({
      code: "URL_FORBIDDEN",
      problem: expect.stringMatching(/^the address of the redirect /),
    });
    expect(asked).toHaveLength(1);
  });

  test("[bad-input 61] do not lead to a name that has become private", async () => {
    handle = chain(["/b"]);
    const answers = [LOOPBACK, [{ address: "10.0.0.1", family: 4 }]];
    expect(await get(HOME, { answers })).toMatchObject({ code: "URL_FORBIDDEN" });
    expect(asked).toHaveLength(1);
  });
});

describe("[bad-input 61] a body that is too large", () => {
  const TOO_LARGE = {
    ok: false,
    code: "RESPONSE_TOO_LARGE",
    problem: `the text has more than ${2 * MIB} bytes`,
  };

  test("of 5 GiB, as it says itself, is not begun", async () => {
    handle = sending(5 * 1024 * MIB, { "content-length": String(5 * 1024 * MIB) });
    expect(await get(HOME)).toEqual(TOO_LARGE);
    await closed[0];
  });

  test("of 5 GiB, of which it says nothing, is cut off", async () => {
    handle = sending(5 * 1024 * MIB);
    expect(await get(HOME)).toEqual(TOO_LARGE);
    await closed[0];
  });

  test.each([
    ["gzip", gzipSync(Buffer.alloc(64 * MIB))],
    ["br", brotliCompressSync(Buffer.alloc(64 * MIB))],
    ["deflate", deflateSync(Buffer.alloc(64 * MIB))],
  ])("when it is unpacked from %s is cut off", async (encoding, body) => {
    expect(body.length).toBeLessThan(MIB);
    handle = answering(body, { "content-encoding": encoding });
    expect(await get(HOME)).toEqual(TOO_LARGE);
  });

  test("although it unpacks to nothing is cut off", async () => {
    const nothing = gzipSync("");
    const many = Buffer.concat(Array.from({ length: Math.ceil((3 * MIB) / nothing.length) }, () => nothing));
    handle = answering(many, { "content-encoding": "gzip" });
    expect(await get(HOME)).toEqual(TOO_LARGE);
  });
});

describe("a host in trouble", () => {
  test.each([
    ["never answers", () => {}],
    [
      "sends a little at a time",
      (_: IncomingMessage, response: ServerResponse) => {
        const timer = setInterval(() => response.write("x"), 20);
        response.once("close", () => clearInterval(timer));
      },
    ],
  ] as const)("that %s is given up", async (_, handler) => {
    handle = handler;
    expect(await get(HOME, { timeoutMs: 300 })).toEqual({
      ok: false,
      code: "FETCH_TIMEOUT",
      problem: "there was no whole answer within 0.3 seconds",
    });
    await closed[0];
  });

  test("whose resolver never answers is given up", async () => {
    const client = createWebClient({ resolve: () => new Promise(() => {}), timeoutMs: 50 });
    const { signal } = new AbortController();
    expect(await client.get(HOME, { domains: DOMAINS, signal })).toMatchObject({ code: "FETCH_TIMEOUT" });
  });

  test("that does not exist", async () => {
    const missing = Object.assign(new Error("getaddrinfo ENOTFOUND docs.example.com"), { code: "ENOTFOUND" });
    expect(await get(HOME, { answers: [missing] })).toEqual({
      ok: false,
      code: "FETCH_FAILED",
      problem: "the host could not be reached, or broke off (ENOTFOUND)",
    });
    expect(await get(HOME, { answers: [[]] })).toMatchObject({ code: "FETCH_FAILED" });
  });

  test("that breaks off in the middle brings no part of a text", async () => {
    handle = (_, response) => {
      response.writeHead(200, { "content-type": "text/plain", "content-length": "100" });
      response.write("half", () => response.destroy());
    };
    expect(await get(HOME)).toMatchObject({ code: "FETCH_FAILED" });
    handle = answering(gzipSync("x".repeat(10_000)).subarray(0, 20), { "content-encoding": "gzip" });
    expect(await get(HOME)).toMatchObject({ code: "FETCH_FAILED" });
  });

  test.each(["gzip", "br"])("that says %s and sends something else", async (encoding) => {
    handle = answering("this is plain", { "content-encoding": encoding });
    expect(await get(HOME)).toMatchObject({
      code: "FETCH_FAILED",
      problem: "the text is not packed as it says",
    });
  });

  test("that packs in an unknown way", async () => {
    handle = answering("x", { "content-encoding": "zstd" });
    expect(await get(HOME)).toMatchObject({ code: "UNSUPPORTED_CONTENT" });
  });

  test("is not waited for after a stop", async () => {
    const stop = new AbortController();
    handle = () => stop.abort(new Error("stopped by the user"));
    await expect(get(HOME, { signal: stop.signal })).rejects.toThrow("stopped by the user");
    await closed[0];
  });
});

test("a client as it is wired asks nobody on this machine, whatever a name says", async () => {
  const wired = createWebClient({ resolve: async () => LOOPBACK });
  const { signal } = new AbortController();
  expect(await wired.get(HOME, { domains: DOMAINS, signal })).toMatchObject({ code: "URL_FORBIDDEN" });
  expect(asked).toEqual([]);
});

test("over TLS the host is told its name, although its address was given", async () => {
  const hellos: Buffer[] = [];
  const tcp = createTcpServer((socket) => {
    socket.once("data", (hello) => {
      hellos.push(hello);
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
  const client = createWebClient({
    resolve: async () => LOOPBACK,
    loopback: { port: (tcp.address() as AddressInfo).port, isPlain: false },
  });
  const { signal } = new AbortController();
  expect(await client.get(HOME, { domains: DOMAINS, signal })).toMatchObject({ code: "FETCH_FAILED" });
  // The first byte of a TLS handshake, and the server name in it.
  expect(hellos[0]?.[0]).toBe(0x16);
  expect(hellos[0]?.includes("docs.example.com")).toBe(true);
  await new Promise((resolve) => tcp.close(resolve));
});
