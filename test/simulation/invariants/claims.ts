import { isDeepStrictEqual } from "node:util";
import { splitTaskId } from "../../../functions/shared/contracts/ids.ts";
import type { Item } from "../../../functions/shared/contracts/item.ts";
import { LIMITS } from "../../../functions/shared/contracts/limits.ts";
import { must } from "../violation.ts";
import type { WriteSeen } from "../watch.ts";
import type { Books, StateWatch } from "./books.ts";
import { type Claim, claimOf, isClaiming, type Ownerships } from "./ownership.ts";

/** Two clocks within the assumed skew. */
export const CLOCKS_MS = 10_000;

/** Invariant 7: one writer at a time (P1), claims that only grow (P7), and turns that are written once (P6). */
export const fencedClaims = (books: Books, ownerships: Ownerships): StateWatch => {
  const checkRecord = (seen: WriteSeen): void => {
    const { process, key, before, after } = seen;
    const taskId = String(after["taskId"]);
    if (before === undefined) {
      must(process.role === "coordinator", 7, () => `${process.name} creates a record`, "P1");
      return;
    }
    const say = (what: string) => () => `${key.pk}, written by ${process.id}: ${what}`;
    must(before["status"] !== "SUCCEEDED", 7, say("it had succeeded"), "P1");
    must(Number(after["epoch"]) >= Number(before["epoch"]), 7, say("the epoch falls"), "P7");
    must(Number(after["turns"]) >= Number(before["turns"]), 7, say("the turns fall"), "P14");
    must(after["version"] === Number(before["version"]) + 1, 7, say("the version does not count"), "P7");
    must(before["request"] === after["request"], 7, say("the request changes"), "P1");
    // A person never claims; what they may write is checked where people are.
    if (process.role === "api") return;
    if (process.role === "coordinator") checkReopened(seen);
    else if (isClaiming(seen)) checkClaimed(seen);
    else checkOwned(seen, taskId);
  };

  const checkReopened = ({ process, key, before, after }: WriteSeen): void => {
    const say = (what: string) => () => `${key.pk}, written by ${process.id}: ${what}`;
    const status = before?.["status"];
    must(
      status === "FAILED" || status === "SUSPENDED",
      7,
      say(`the coordinator writes it while ${status}`),
      "P1",
    );
    must(after["status"] === "SCHEDULED", 7, say("the coordinator may only schedule it"), "P1");
    must(after["epoch"] === Number(before?.["epoch"]) + 1, 7, say("the epoch is not raised"), "P1");
    must(claimOf(after) === undefined, 7, say("a claim survives"), "P1");
    if (status === "FAILED") {
      must(after["attempt"] === Number(before?.["attempt"]) + 1, 7, say("attempts skip a number"), "P1");
      must(after["crashes"] === 0, 7, say("crashes of the last attempt count"), "P7");
    } else {
      must(after["attempt"] === before?.["attempt"], 7, say("a resume changes the attempt"), "P1");
    }
    must(after["suspension"] === before?.["suspension"], 7, say("the suspension is lost"), "P14");
  };

  const checkClaimed = (seen: WriteSeen): void => {
    const { process, key, before, after, now } = seen;
    const say = (what: string) => () => `${key.pk}, claimed by ${process.id}: ${what}`;
    must(
      before?.["status"] === "SCHEDULED" && after["status"] === "SCHEDULED",
      7,
      say("not scheduled"),
      "P1",
    );
    must(after["epoch"] === Number(before["epoch"]) + 1, 7, say("the epoch is not raised"), "P7");
    const read = books.lastRead(process, key)?.item;
    must(read?.["version"] === before["version"], 7, say("it has read another version"), "P7");
    const earlier = claimOf(before);
    const claim = claimOf(after) as Claim;
    const { times } = books.scene;
    const clock = now + process.skewMs;
    must(claim.leaseUntil <= clock + times.leaseMs, 7, say("the lease is too long"), "P7");
    if (earlier !== undefined) {
      must(earlier.leaseUntil + times.stealMarginMs <= clock, 7, say("the lease had not run out"), "P7");
      const robbed = ownerships.processOf(earlier);
      const isHealthy =
        robbed?.isClean === true && !robbed.hasEnded && Math.abs(robbed.skewMs - process.skewMs) <= CLOCKS_MS;
      must(!isHealthy, 7, say(`${robbed?.id} is alive and well`), "P7");
      // By the thief's own clock it was its right; from here on, the robbed one finds the world changed.
      if (robbed !== undefined) robbed.isClean = false;
    }
    checkCrashes(seen);
  };

  const checkCrashes = ({ key, before, after }: WriteSeen): void => {
    const say = (what: string) => () => `${key.pk}: ${what}`;
    const crashes = Number(after["crashes"]);
    const crashesBefore = Number(before?.["crashes"]);
    const isTakeover = claimOf(before) !== undefined;
    must(isTakeover || crashes <= crashesBefore, 7, say("a continuation counts as a crash"), "P7");
    // What the claim compares is what it had read, which may be older than the claim itself.
    const isFurther = before?.["progress"] !== after["progress"];
    must(!isFurther || crashes === 0, 7, say("progress does not make crashes good"), "P7");
    must(
      isFurther || !isTakeover || crashes === crashesBefore + 1,
      7,
      say("a takeover without progress does not count"),
      "P7",
    );
  };

  const checkOwned = ({ process, key, before, after }: WriteSeen, taskId: string): void => {
    const say = (what: string) => () => `${key.pk}, written by ${process.id}: ${what}`;
    must(before?.["status"] === "SCHEDULED", 7, say(`it is ${before?.["status"]}`), "P1");
    const ownership = ownerships.of(process, taskId);
    must(ownership !== undefined, 7, say("it was never claimed"), "P1");
    must(
      ownership.epoch === before["epoch"],
      7,
      say(`epoch ${ownership.epoch} writes over ${before["epoch"]}`),
      "P1",
    );
    must(ownership.owner === claimOf(before)?.owner, 7, say("the claim is another's"), "P1");
    must(after["epoch"] === before["epoch"], 7, say("the epoch changes"), "P1");
    must(after["attempt"] === before["attempt"], 7, say("the attempt changes"), "P1");
    const isEnded = after["status"] !== "SCHEDULED";
    must(!isEnded || claimOf(after) === undefined, 7, say("an ended record is claimed"), "P1");
    const k = (record: Item): number => (record["suspension"] as { k: number } | undefined)?.k ?? 0;
    must(
      after["status"] === "SUSPENDED" ? k(after) === k(before) + 1 : k(after) === k(before),
      7,
      say("suspensions skip a number"),
      "P14",
    );
  };

  const checkTurn = ({ process, key, before, after }: WriteSeen): void => {
    must(before === undefined, 7, () => `${key.pk} ${key.sk} was written twice`, "P6");
    const turns = books.parts.store.partition(key.pk).filter(({ sk }) => sk.startsWith("TURN#"));
    must(
      turns.length === after["n"],
      7,
      () => `${key.pk}: turn ${after["n"]} is saved as number ${turns.length}`,
      "P6",
    );
    const taskId = key.pk.split("#")[2] ?? "";
    must(
      ownerships.of(process, taskId)?.epoch === after["epoch"],
      7,
      () => `${key.sk}: saved by no owner`,
      "P6",
    );
  };

  return {
    wrote(seen) {
      const { sk } = seen.key;
      if (sk === "TASK") checkRecord(seen);
      else if (sk.startsWith("TURN#")) checkTurn(seen);
    },
    calledModel({ process, taskId }) {
      const crashes = ownerships.of(process, taskId)?.crashes ?? 0;
      must(crashes < LIMITS.crashesMax, 7, () => `${taskId} is worked on after ${crashes} crashes`, "P7");
    },
    atEnd() {
      for (const pk of books.parts.store.partitions().filter((partition) => partition.startsWith("TASK#"))) {
        const record = books.peek({ pk, sk: "TASK" });
        const view = books.view(splitTaskId(String(record?.["taskId"])).executionId);
        must(
          view !== undefined &&
            isDeepStrictEqual(view.state.limits, (record?.["request"] as Item | undefined)?.["limits"]),
          7,
          () => `${pk}: the record's limits are not its execution's`,
        );
      }
    },
  };
};
