import { isDeepStrictEqual } from "node:util";
import { splitTaskId } from "../../../functions/shared/contracts/ids.ts";
import type { Item } from "../../../functions/shared/contracts/item.ts";
import { LIMITS } from "../../../functions/shared/contracts/limits.ts";
import { callKey, taskKey } from "../../../functions/shared/contracts/resources.ts";
import type { SimProcess } from "../sim-process.ts";
import { must } from "../violation.ts";
import type { WriteSeen } from "../watch.ts";
import type { Books, StateWatch } from "./books.ts";

interface Claim {
  readonly owner: string;
  readonly leaseUntil: number;
  readonly messageId: string;
}

const claimOf = (record: Item | undefined): Claim | undefined => record?.["claim"] as Claim | undefined;

/** What the process with a claim has done with it. */
interface Ownership {
  readonly taskId: string;
  readonly epoch: number;
  readonly owner: string;
  /** When it was claimed, in the books' order. */
  readonly seq: number;
  readonly crashes: number;
  hasStored: boolean;
  hasTold: boolean;
  hasReleased: boolean;
  hasContinued: boolean;
}

/** Two clocks within the assumed skew. */
export const CLOCKS_MS = 10_000;

/**
 * Invariants 7, 8 and 14: one writer at a time (P1), claims that only grow (P7), turns and calls that
 * are written once (P6), store before tell before acknowledge (P8, P13), and external tools at most once.
 */
export const fencedClaims = (books: Books): StateWatch => {
  const owners = new Map<string, SimProcess>();
  const held = new Map<string, Ownership>();
  /** By task: when its record last stopped being SCHEDULED. */
  const endedAt = new Map<string, number>();
  const externalRuns = new Map<string, number>();
  const toldBy = new Set<string>();

  const ownershipOf = (process: SimProcess, taskId: string): Ownership | undefined =>
    held.get(`${process.id}|${taskId}`);

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
    if (before["status"] === "SCHEDULED" && after["status"] !== "SCHEDULED") {
      endedAt.set(taskId, seen.now);
    }
    // A person never claims; what they may write is checked where people are.
    if (process.role === "api") return;
    if (process.role === "coordinator") checkReopened(seen);
    else if (isClaiming(seen)) checkClaimed(seen, taskId);
    else checkOwned(seen, taskId);
  };

  const isClaiming = ({ before, after }: WriteSeen): boolean =>
    claimOf(after) !== undefined && claimOf(after)?.owner !== claimOf(before)?.owner;

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

  const checkClaimed = (seen: WriteSeen, taskId: string): void => {
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
      const robbed = owners.get(earlier.owner);
      const isHealthy =
        robbed?.isClean === true && !robbed.hasEnded && Math.abs(robbed.skewMs - process.skewMs) <= CLOCKS_MS;
      must(!isHealthy, 7, say(`${robbed?.id} is alive and well`), "P7");
      // By the thief's own clock it was its right; from here on, the robbed one finds the world changed.
      if (robbed !== undefined) robbed.isClean = false;
    }
    checkCrashes(seen);
    owners.set(claim.owner, process);
    held.set(`${process.id}|${taskId}`, {
      taskId,
      epoch: Number(after["epoch"]),
      owner: claim.owner,
      seq: books.seq,
      crashes: Number(after["crashes"]),
      hasStored: false,
      hasTold: false,
      hasReleased: false,
      hasContinued: false,
    });
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
    const ownership = ownershipOf(process, taskId);
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
    if (after["status"] !== "SCHEDULED") {
      ownership.hasStored = true;
      must(claimOf(after) === undefined, 7, say("an ended record is claimed"), "P1");
    } else if (claimOf(after) === undefined) ownership.hasReleased = true;
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
      ownershipOf(process, taskId)?.epoch === after["epoch"],
      7,
      () => `${key.sk}: saved by no owner`,
      "P6",
    );
  };

  const checkCall = ({ key, before, after }: WriteSeen): void => {
    if (before === undefined) return;
    must(before["status"] === "started", 7, () => `${key.pk} ${key.sk}: a stored result is changed`, "P6");
    must(after["status"] !== "started", 7, () => `${key.pk} ${key.sk}: a result without a status`, "P6");
    must(before["tool"] === after["tool"], 7, () => `${key.pk} ${key.sk}: another tool's result`, "P6");
  };

  return {
    wrote(seen) {
      const { sk } = seen.key;
      if (sk === "TASK") checkRecord(seen);
      else if (sk.startsWith("TURN#")) checkTurn(seen);
      else if (sk.startsWith("CALL#")) checkCall(seen);
    },
    sent({ process, message }) {
      if (typeof process.role === "string") return;
      if (message.kind === "work") {
        const ownership = ownershipOf(process, message.taskId);
        must(
          ownership?.hasReleased,
          8,
          () => `${process.id} continues ${message.taskId} while it is claimed`,
          "P13",
        );
        ownership.hasContinued = true;
        return;
      }
      const taskId = `${message.executionId}.${message.task}`;
      const record = books.peek(taskKey(process.role.agent, taskId));
      const ownership = ownershipOf(process, taskId);
      const seen = books.lastRead(process, taskKey(process.role.agent, taskId))?.item;
      const hasEnded =
        record?.["status"] !== "SCHEDULED" ||
        (seen !== undefined && seen["status"] !== "SCHEDULED") ||
        (endedAt.get(taskId) ?? 0) >= process.startedAt;
      must(hasEnded, 8, () => `${process.id} tells of ${taskId} before its record says so`, "P8");
      toldBy.add(`${process.id}|${taskId}`);
      if (ownership?.hasStored) ownership.hasTold = true;
    },
    judged(process, _queue, delivery, verdict) {
      if (typeof process.role === "string" || verdict !== "done") return;
      const { taskId } = JSON.parse(delivery.body) as { taskId: string };
      const say = (what: string) => () =>
        `${process.id} acknowledges ${delivery.messageId} of ${taskId}, but ${what}`;
      const ownership = ownershipOf(process, taskId);
      const read = books.lastRead(process, taskKey(process.role.agent, taskId));
      const seenClaim = claimOf(read?.item);
      const wasRobbed =
        ownership !== undefined &&
        (read?.seq ?? 0) > ownership.seq &&
        seenClaim !== undefined &&
        seenClaim.owner !== ownership.owner;
      const hasHandedOn =
        (ownership?.hasStored && ownership.hasTold) || (ownership?.hasReleased && ownership.hasContinued);
      if (hasHandedOn === true) return;
      if (ownership !== undefined && !wasRobbed) {
        must(toldBy.has(`${process.id}|${taskId}`), 8, say("has neither ended nor handed it on"), "P8");
        return;
      }
      if (read?.item === undefined) return;
      if (read.item["status"] !== "SCHEDULED") {
        must(toldBy.has(`${process.id}|${taskId}`), 8, say("does not tell what it has seen"), "P8");
        return;
      }
      const claim = claimOf(read.item);
      must(claim !== undefined, 8, say("nobody works on it"), "P13");
      must(claim.messageId !== delivery.messageId, 8, say("it is the owner's own message"), "P13");
    },
    calledModel({ process, taskId }) {
      const crashes = ownershipOf(process, taskId)?.crashes ?? 0;
      must(crashes < LIMITS.crashesMax, 7, () => `${taskId} is worked on after ${crashes} crashes`, "P7");
    },
    ranTool({ process, tool, effect, callId }) {
      const [taskId = "", place = ""] = callId.split("/");
      const [turn = 0, index = 0] = place.split(".").map(Number);
      const agent = process.name;
      const call = books.peek(callKey(agent, taskId, turn, index));
      must(call !== undefined, 14, () => `${tool} ${callId} runs before it is recorded`, "P6");
      const seen = books.lastRead(process, callKey(agent, taskId, turn, index))?.item;
      must(
        seen === undefined || seen["status"] === "started",
        14,
        () => `${tool} ${callId} runs although its result was seen`,
        "P6",
      );
      if (effect !== "external") return;
      const runs = (externalRuns.get(callId) ?? 0) + 1;
      externalRuns.set(callId, runs);
      must(runs <= 1, 14, () => `${tool} ${callId} has its effect ${runs} times`, "P6");
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
