import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Item } from "../../functions/shared/contracts/item.ts";
import type { ItemKey } from "../../functions/shared/contracts/resources.ts";
import { AssertionFailed } from "../../functions/shared/kernel/assert.ts";
import { TerminalError } from "../../functions/shared/kernel/errors.ts";
import type { Change, Condition, Store } from "../../functions/shared/ports/store.ts";

export interface OpenStore {
  readonly store: Store;
  /** Another connection to the same table: what it reads is what was written, not what was remembered. */
  readonly other: Store;
  close(): Promise<void>;
}

/** What every Store promises. Keys are fresh in each test, so that one table serves all. */
export const storeSuite = (name: string, open: () => Promise<OpenStore>): void => {
  describe(`store: ${name}`, () => {
    let opened: OpenStore;
    let store: Store;
    let other: Store;
    let keys = 0;

    beforeAll(async () => {
      opened = await open();
      ({ store, other } = opened);
    });
    afterAll(async () => await opened.close());

    const freshKey = (): ItemKey => ({ pk: `EXE#${++keys}`, sk: "STATE" });
    const created = async (attributes: Record<string, unknown> = {}): Promise<ItemKey> => {
      const key = freshKey();
      expect(await store.create({ ...key, ...attributes })).toBe("applied");
      return key;
    };
    const attributesOf = async (key: ItemKey): Promise<Record<string, unknown> | undefined> => {
      const item = await other.get(key);
      if (item === undefined) return undefined;
      const { pk, sk, ...attributes } = item;
      expect({ pk, sk }).toEqual({ pk: key.pk, sk: key.sk });
      return attributes;
    };

    describe("create and get", () => {
      test("an item comes back as it went in", async () => {
        const attributes = {
          text: "a",
          empty: "",
          number: -12.5,
          zero: 0,
          instant: 1_764_000_000_123,
          yes: true,
          no: false,
          nothing: null,
          list: [1, "two", [3], { four: 4 }, null, []],
          map: { a: { b: { c: "deep" } }, empty: {} },
        };
        expect(await attributesOf(await created(attributes))).toStrictEqual(attributes);
      });

      test("what is undefined is not stored, at any depth", async () => {
        const key = await created({ a: undefined, map: { b: undefined, c: 1 } });
        expect(await attributesOf(key)).toStrictEqual({ map: { c: 1 } });
      });

      test("an item that was never written is undefined", async () => {
        expect(await store.get(freshKey())).toBeUndefined();
      });

      test("a second create with the same key is refused and changes nothing", async () => {
        const key = await created({ n: 1 });
        expect(await other.create({ ...key, n: 2 })).toBe("refused");
        expect(await attributesOf(key)).toEqual({ n: 1 });
      });

      test("of twenty creates at once exactly one is applied", async () => {
        const key = freshKey();
        const written = await Promise.all(
          Array.from({ length: 20 }, (_, n) => (n % 2 ? store : other).create({ ...key, n })),
        );
        expect(written.filter((w) => w === "applied")).toHaveLength(1);
        expect(await attributesOf(key)).toEqual({ n: written.indexOf("applied") });
      });

      test("text of every plane, controls and an emoji survive; keys too [bad-input 12]", async () => {
        const text = `\u0000\u0001\t\n"\\/ é ﬀ \uFFFF 中文 \u202E 👩‍🚀 \u{10FFFF}`;
        const key = { pk: "FILES#ünïcode 👩‍🚀", sk: `größe/${"ä".repeat(100)}.md` };
        await store.create({ ...key, text, map: { [text]: [text] } });
        expect(await attributesOf(key)).toStrictEqual({ text, map: { [text]: [text] } });
      });

      test("a lone surrogate is accepted, and at worst replaced [bad-input 12]", async () => {
        const key = await created({ text: "a\uD800b", map: { list: ["\uDFFF"] } });
        const { text } = (await attributesOf(key)) as { text: string };
        expect(["a\uD800b", "a\uFFFDb"]).toContain(text);
      });

      test("an item of 300 KiB is stored, one of 500 KiB is a TerminalError and leaves nothing", async () => {
        const large = "x".repeat(300 * 1024);
        const key = await created({ large });
        expect((await attributesOf(key))?.["large"]).toBe(large);
        const tooLarge = freshKey();
        await expect(store.create({ ...tooLarge, large: "x".repeat(500 * 1024) })).rejects.toBeInstanceOf(
          TerminalError,
        );
        expect(await attributesOf(tooLarge)).toBeUndefined();
        await expect(
          store.update(key, { set: [[["more"], "x".repeat(200 * 1024)]], when: [] }),
        ).rejects.toBeInstanceOf(TerminalError);
        expect(Object.keys((await attributesOf(key)) ?? {})).toEqual(["large"]);
      });

      test("what was returned may be changed without changing what is stored", async () => {
        const map = { a: 1 };
        const key = await created({ map });
        map.a = 2;
        ((await store.get(key)) as { map?: { a: number } }).map = { a: 3 };
        expect(await attributesOf(key)).toEqual({ map: { a: 1 } });
      });
    });

    describe("getMany", () => {
      test("answers in the order asked, with gaps for what is absent and twice what was asked twice", async () => {
        const [a, b, absent] = [await created({ n: 1 }), await created({ n: 2 }), freshKey()];
        const items = await store.getMany([b, absent, a, b]);
        expect(items.map((item) => item?.["n"])).toEqual([2, undefined, 1, 2]);
      });

      test("no keys are no items", async () => {
        expect(await store.getMany([])).toEqual([]);
      });

      test("a hundred items of 60 KB come back whole", async () => {
        const many: ItemKey[] = [];
        for (let n = 0; n < 100; n++) many.push(await created({ n, text: "y".repeat(60_000) }));
        const items = await store.getMany(many);
        expect(items.map((item) => item?.["n"])).toEqual(many.map((_, n) => n));
      });

      test("more than a hundred keys are wrong code", async () => {
        await expect(store.getMany(Array.from({ length: 101 }, freshKey))).rejects.toBeInstanceOf(
          AssertionFailed,
        );
      });
    });

    describe("list", () => {
      const fill = async (pk: string, sks: readonly string[], extra: Record<string, unknown> = {}) => {
        for (const sk of sks) await store.create({ pk, sk, ...extra });
      };
      const sksOf = (items: readonly Item[]): string[] => items.map((item) => item.sk);

      test("brings one partition by sort key, and only what begins with the prefix", async () => {
        const pk = freshKey().pk;
        await fill(pk, ["TURN#0002", "CALL#0001#000", "TURN#0001", "TASK", "TURN", "TURN$"]);
        await fill(`${pk}0`, ["TURN#0009"]);
        expect(sksOf(await store.list(pk))).toEqual([
          "CALL#0001#000",
          "TASK",
          "TURN",
          "TURN#0001",
          "TURN#0002",
          "TURN$",
        ]);
        expect(sksOf(await other.list(pk, "TURN#"))).toEqual(["TURN#0001", "TURN#0002"]);
        expect(await store.list(pk, "NONE#")).toEqual([]);
        expect(await store.list("EXE#nobody")).toEqual([]);
      });

      test("a prefix is text, not a pattern", async () => {
        const pk = freshKey().pk;
        await fill(pk, ["a%b", "a_b", "axb", "a*b", "ä"]);
        expect(sksOf(await store.list(pk, "a%"))).toEqual(["a%b"]);
        expect(sksOf(await store.list(pk, "a_"))).toEqual(["a_b"]);
        expect(sksOf(await store.list(pk, "ä"))).toEqual(["ä"]);
      });

      test("the order is that of UTF-8 bytes, beyond the basic plane too", async () => {
        const pk = freshKey().pk;
        await fill(pk, ["\u{1F600}", "\uFF5E", "z", "é", "Z"]);
        expect(sksOf(await store.list(pk))).toEqual(["Z", "z", "é", "\uFF5E", "\u{1F600}"]);
      });

      test("300 items of 8 KB, more than two pages of DynamoDB, come back as one list", async () => {
        const pk = freshKey().pk;
        const sks = Array.from({ length: 300 }, (_, n) => `HIST#${String(n).padStart(6, "0")}`);
        await fill(pk, sks, { events: "e".repeat(8_000) });
        const items = await store.list(pk, "HIST#");
        expect(sksOf(items)).toEqual(sks);
        expect(items.every((item) => String(item["events"]).length === 8_000)).toBe(true);
      });
    });

    describe("update", () => {
      test("sets, adds and removes in one step and leaves the rest", async () => {
        const key = await created({ version: 1, status: "RUNNING", throws: 2, keep: [1] });
        expect(
          await store.update(key, {
            set: [
              [["status"], "SUCCEEDED"],
              [["claim"], { owner: "me" }],
              [["nothing"], null],
            ],
            add: [[["version"], 1]],
            remove: [["throws"], ["neverThere"]],
            when: [],
          }),
        ).toBe("applied");
        expect(await attributesOf(key)).toStrictEqual({
          version: 2,
          status: "SUCCEEDED",
          claim: { owner: "me" },
          nothing: null,
          keep: [1],
        });
      });

      test("reaches into maps, whose keys may hold dots, blanks and quotes", async () => {
        const key = await created({ outbox: { "1.0": { at: 1 } }, epochs: {}, open: { "7": { id: "1.1" } } });
        await store.update(key, {
          set: [
            [["outbox", "2.0"], { at: 2 }],
            [["outbox", `it's "odd"`], []],
            [["open", "7", "id"], "2.1"],
            [["epochs", "7"], 2],
          ],
          remove: [["outbox", "1.0"]],
          when: [],
        });
        await store.update(key, { add: [[["epochs", "7"], 3]], when: [] });
        expect(await attributesOf(key)).toStrictEqual({
          outbox: { "2.0": { at: 2 }, [`it's "odd"`]: [] },
          epochs: { "7": 5 },
          open: { "7": { id: "2.1" } },
        });
      });

      test("adds negative amounts and zero", async () => {
        const key = await created({ tokens: 10, calls: 1 });
        await store.update(key, {
          add: [
            [["tokens"], -4],
            [["calls"], 0],
          ],
          when: [],
        }); // prettier-ignore
        expect(await attributesOf(key)).toEqual({ tokens: 6, calls: 1 });
      });

      test("an addition to a number that is not there begins at 0, and so does its condition", async () => {
        const key = await created({ spent: {} });
        const spend: Change = {
          add: [
            [["spent", "coder"], 3],
            [["calls"], 1],
          ],
          when: [{ path: ["spent", "coder"], is: "missingOrAtMost", value: 5 }],
        };
        expect(await store.update(key, spend)).toBe("applied");
        expect(await store.update(key, spend)).toBe("applied");
        expect(await store.update(key, spend)).toBe("refused");
        expect(await attributesOf(key)).toEqual({ spent: { coder: 6 }, calls: 2 });
      });

      test("a hundred outbox entries fit one update", async () => {
        const key = await created({ outbox: {} });
        const set = Array.from({ length: 100 }, (_, n) => [["outbox", `9.${n}`], { at: n }] as const);
        expect(await store.update(key, { set, when: [] })).toBe("applied");
        const { outbox } = (await attributesOf(key)) as { outbox: object };
        expect(Object.keys(outbox)).toHaveLength(100);
        await store.update(key, { remove: set.map(([path]) => path), when: [] });
        expect(await attributesOf(key)).toEqual({ outbox: {} });
      });

      test("an absent item is refused, never created, whatever the conditions", async () => {
        const key = freshKey();
        expect(await store.update(key, { set: [[["a"], 1]], when: [] })).toBe("refused");
        expect(
          await store.update(key, { set: [[["a"], 1]], when: [{ path: ["stopped"], is: "missing" }] }),
        ).toBe("refused");
        expect(await attributesOf(key)).toBeUndefined();
      });

      test("no change at all is a check of the conditions", async () => {
        const key = await created({ n: 1 });
        const when: Condition[] = [{ path: ["n"], is: "equal", value: 1 }];
        expect(await store.update(key, { when })).toBe("applied");
        expect(await store.update(key, { when: [{ path: ["n"], is: "equal", value: 2 }] })).toBe("refused");
        expect(await attributesOf(key)).toEqual({ n: 1 });
      });

      const item = { n: 5, text: "5", map: { n: 5, inner: { id: "1.2" } }, nothing: null, list: [1] };
      const holding: Condition[] = [
        { path: ["n"], is: "present" },
        { path: ["nothing"], is: "present" },
        { path: ["map", "inner", "id"], is: "present" },
        { path: ["absent"], is: "missing" },
        { path: ["map", "absent"], is: "missing" },
        { path: ["absent", "below"], is: "missing" },
        { path: ["text", "below"], is: "missing" },
        { path: ["list", "0"], is: "missing" },
        { path: ["n"], is: "equal", value: 5 },
        { path: ["text"], is: "equal", value: "5" },
        { path: ["map", "inner", "id"], is: "equal", value: "1.2" },
        { path: ["n"], is: "atMost", value: 5 },
        { path: ["map", "n"], is: "atMost", value: 6 },
        { path: ["absent"], is: "missingOrAtMost", value: 0 },
        { path: ["absent", "below"], is: "missingOrAtMost", value: 0 },
        { path: ["n"], is: "missingOrAtMost", value: 5 },
        { path: ["map", "n"], is: "missingOrAtMost", value: 7 },
      ];
      const failing: Condition[] = [
        { path: ["absent"], is: "present" },
        { path: ["absent", "below"], is: "present" },
        { path: ["map", "inner", "absent"], is: "present" },
        { path: ["n"], is: "missing" },
        { path: ["nothing"], is: "missing" },
        { path: ["map", "inner"], is: "missing" },
        { path: ["n"], is: "equal", value: 6 },
        { path: ["n"], is: "equal", value: "5" },
        { path: ["text"], is: "equal", value: 5 },
        { path: ["absent"], is: "equal", value: "" },
        { path: ["nothing"], is: "equal", value: "null" },
        { path: ["n"], is: "atMost", value: 4 },
        { path: ["absent"], is: "atMost", value: 100 },
        { path: ["text"], is: "atMost", value: 100 },
        { path: ["nothing"], is: "atMost", value: 100 },
        { path: ["map", "n"], is: "missingOrAtMost", value: 4 },
        { path: ["text"], is: "missingOrAtMost", value: 100 },
      ];

      test.each(holding)("holds: $path $is $value", async (condition) => {
        const key = await created(item);
        expect(await store.update(key, { set: [[["done"], true]], when: [condition] })).toBe("applied");
        expect((await attributesOf(key))?.["done"]).toBe(true);
      });

      test.each(failing)("does not hold: $path $is $value", async (condition) => {
        const key = await created(item);
        expect(await store.update(key, { set: [[["done"], true]], when: [condition] })).toBe("refused");
        expect(await attributesOf(key)).toStrictEqual(item);
      });

      test("all conditions together hold; one that fails among them refuses everything", async () => {
        const key = await created(item);
        const change: Change = { add: [[["n"], 1]], remove: [["text"]], when: holding };
        for (const bad of failing.slice(0, 3)) {
          expect(await store.update(key, { ...change, when: [...holding, bad] })).toBe("refused");
        }
        expect(await attributesOf(key)).toStrictEqual(item);
        expect(await store.update(key, change)).toBe("applied");
        expect((await attributesOf(key))?.["n"]).toBe(6);
      });

      const impossible: Record<string, Pick<Change, "set" | "add" | "remove">> = {
        "a set whose parent is missing": { set: [[["outbox", "1.0"], 1]] },
        "a set whose parent is text": { set: [[["text", "below"], 1]] },
        "an addition to text": { add: [[["text"], 1]] },
        "an addition below nothing": { add: [[["epochs", "1"], 1]] },
        "a removal below nothing": { remove: [["outbox", "1.0"]] },
      };
      test.each(Object.entries(impossible))(
        "%s is a TerminalError and changes nothing",
        async (_, change) => {
          const key = await created({ text: "x", n: 1 });
          const whole = { ...change, set: [...(change.set ?? []), [["n"], 2] as const], when: [] };
          await expect(store.update(key, whole)).rejects.toBeInstanceOf(TerminalError);
          expect(await attributesOf(key)).toStrictEqual({ text: "x", n: 1 });
          // The conditions come first: whoever lost the race is told so, whatever the item looks like now.
          const lost = { ...whole, when: [{ path: ["n"], is: "equal", value: 9 } as const] };
          expect(await store.update(key, lost)).toBe("refused");
        },
      );

      const wrong: Record<string, Pick<Change, "set" | "add" | "remove">> = {
        "the same place twice": { set: [[["a"], 1]], remove: [["a"]] },
        "a map and a part of it": {
          set: [
            [["a"], {}],
            [["a", "b"], 1],
          ],
        }, // prettier-ignore
        "the key": { set: [[["pk"], "EXE#other"]] },
      };
      test.each(Object.entries(wrong))("a change of %s is wrong code", async (_, change) => {
        const key = await created({ a: 1 });
        await expect(store.update(key, { ...change, when: [] })).rejects.toBeInstanceOf(AssertionFailed);
      });
    });

    describe("concurrent updates", () => {
      test("of twenty commits at the same version exactly one is applied", async () => {
        const key = await created({ version: 1, by: -1 });
        const commit = (n: number): Change => ({
          set: [
            [["version"], 2],
            [["by"], n],
          ], // prettier-ignore
          when: [{ path: ["version"], is: "equal", value: 1 }],
        });
        const written = await Promise.all(
          Array.from({ length: 20 }, (_, n) => (n % 2 ? store : other).update(key, commit(n))),
        );
        expect(written.filter((w) => w === "applied")).toHaveLength(1);
        expect(await attributesOf(key)).toEqual({ version: 2, by: written.indexOf("applied") });
      });

      test("forty additions under a cap never pass it", async () => {
        const key = await created({ committed: 0 });
        const reserve: Change = {
          add: [[["committed"], 10]],
          when: [{ path: ["committed"], is: "atMost", value: 95 - 10 }],
        };
        const written = await Promise.all(
          Array.from({ length: 40 }, (_, n) => (n % 2 ? store : other).update(key, reserve)),
        );
        expect(written.filter((w) => w === "applied")).toHaveLength(9);
        expect(await attributesOf(key)).toEqual({ committed: 90 });
      });
    });

    describe("due", () => {
      const shard = () => `OPEN#${++keys}`;
      const open = async (openPk: string, nextCheckAt: number): Promise<ItemKey> =>
        await created({ openPk, nextCheckAt, version: 1, body: "not projected" });

      test("brings one shard's overdue executions, the longest overdue first, at most `limit`", async () => {
        const [here, there] = [shard(), shard()];
        const late = await open(here, 300);
        const later = await open(here, 100);
        const now = await open(here, 1_000);
        await open(here, 1_001);
        await open(there, 1);
        await expect
          .poll(async () => (await store.due(here, 1_000, 10)).map((item) => item.pk))
          .toEqual([later.pk, late.pk, now.pk]);
        expect((await other.due(here, 1_000, 2)).map((item) => item.pk)).toEqual([later.pk, late.pk]);
        expect(await store.due(here, 99, 10)).toEqual([]);
        expect((await store.due(here, 100, 10))[0]).toStrictEqual({
          ...later,
          openPk: here,
          nextCheckAt: 100,
        });
      });

      test("follows an update, and forgets an execution that needs no more looks", async () => {
        const here = shard();
        const key = await open(here, 100);
        await store.update(key, { set: [[["nextCheckAt"], 500]], when: [] });
        await expect.poll(() => store.due(here, 499, 10)).toEqual([]);
        await expect.poll(async () => (await store.due(here, 500, 10)).length).toBe(1);
        await store.update(key, { remove: [["nextCheckAt"], ["openPk"]], when: [] });
        await expect.poll(() => store.due(here, 9_999, 10)).toEqual([]);
      });
    });

    describe("newest", () => {
      const tenant = () => `TENANT#${++keys}`;
      const start = async (listPk: string, createdAt: number, status = "RUNNING"): Promise<ItemKey> =>
        await created({ listPk, createdAt, status, body: `of ${createdAt}` });
      const pages = async (
        listPk: string,
        options: { limit: number; status?: string },
      ): Promise<Array<number[]>> => {
        const found: Array<number[]> = [];
        let after: string | undefined;
        do {
          const page = await store.newest(listPk, { ...options, ...(after === undefined ? {} : { after }) });
          found.push(page.items.map((item) => Number(item["createdAt"])));
          expect(page.items.length).toBeLessThanOrEqual(options.limit);
          after = page.next;
          expect(found.length).toBeLessThan(100);
        } while (after !== undefined);
        return found;
      };

      test("brings whole STATE items of one tenant, newest first", async () => {
        const [mine, theirs] = [tenant(), tenant()];
        for (const at of [20, 30, 10]) await start(mine, at);
        await start(theirs, 25);
        await expect
          .poll(async () => (await store.newest(mine, { limit: 10 })).items.map((item) => item["body"]))
          .toEqual(["of 30", "of 20", "of 10"]);
        expect((await other.newest(mine, { limit: 10 })).next).toBeUndefined();
        expect(await store.newest(tenant(), { limit: 10 })).toEqual({ items: [] });
      });

      test("pages bring each execution once, those of the same millisecond too", async () => {
        const mine = tenant();
        for (let n = 0; n < 23; n++) await start(mine, 1_000 + Math.floor(n / 3));
        const all = Array.from({ length: 23 }, (_, n) => 1_000 + Math.floor(n / 3)).reverse();
        for (const limit of [1, 5, 23, 100]) {
          const found = await pages(mine, { limit });
          expect(found.flat()).toEqual(all);
          expect(found.length).toBeLessThanOrEqual(Math.ceil(23 / limit) + 1);
        }
      });

      test("one status is found among many of another, in order, over pages", async () => {
        const mine = tenant();
        for (let n = 0; n < 60; n++) await start(mine, n, n % 10 === 3 ? "FAILED" : "SUCCEEDED");
        expect((await pages(mine, { limit: 2, status: "FAILED" })).flat()).toEqual([53, 43, 33, 23, 13, 3]);
        expect((await pages(mine, { limit: 7, status: "SUCCEEDED" })).flat()).toHaveLength(54);
        expect((await pages(mine, { limit: 7, status: "ABORTED" })).flat()).toEqual([]);
      });

      test("a status that changed is found under its new name", async () => {
        const mine = tenant();
        const key = await start(mine, 1);
        await store.update(key, { set: [[["status"], "SUCCEEDED"]], when: [] });
        await expect.poll(() => pages(mine, { limit: 5, status: "RUNNING" })).toEqual([[]]);
        await expect.poll(() => pages(mine, { limit: 5, status: "SUCCEEDED" })).toEqual([[1]]);
      });

      test("an execution that started meanwhile does not disturb the pages", async () => {
        const mine = tenant();
        for (const at of [1, 2, 3]) await start(mine, at);
        const first = await store.newest(mine, { limit: 2 });
        await start(mine, 4);
        const second = await store.newest(mine, { limit: 2, after: first.next ?? "" });
        expect([...first.items, ...second.items].map((item) => item["createdAt"])).toEqual([3, 2, 1]);
      });
    });
  });
};
