import { splitTaskId } from "../../../functions/shared/contracts/ids.ts";
import type { Item } from "../../../functions/shared/contracts/item.ts";
import { taskKey, turnKey } from "../../../functions/shared/contracts/resources.ts";
import { ESTIMATE } from "../sim-model.ts";
import type { SimProcess } from "../sim-process.ts";
import { must } from "../violation.ts";
import type { ModelCallSeen, WriteSeen } from "../watch.ts";
import type { Books, StateWatch } from "./books.ts";
import { openOf, partsOf, stopsOf } from "./permit-view.ts";
import { PurseSums } from "./purse-sums.ts";

interface PaidCall {
  readonly process: SimProcess;
  readonly taskId: string;
  readonly turn: number;
  readonly outcome: "answered" | "failed";
  isSaved: boolean;
}

/** A reservation that was applied. */
interface Grant {
  readonly process: SimProcess;
  readonly taskId: string;
  readonly id: string;
  readonly seq: number;
  call: PaidCall | undefined;
}

/** Whose cost its process knew to the token; any other may stay committed as an estimate for good. */
const isKnown = ({ process, call }: Grant): boolean =>
  process.isClean && process.hasEnded && call?.isSaved === true;

/**
 * Invariant 10: money is asked for before it is spent, within the cap and not after a stop (P3, P4);
 * nobody who was replaced asks for more (P5); and nothing that was saved is paid again (P6): all that
 * a process can lose is the one call it was in when it died.
 */
export const boundedPayment = (books: Books): StateWatch => {
  const sums = new PurseSums(books);
  const calls: PaidCall[] = [];
  /** By process and task: its latest reservation. */
  const granted = new Map<string, Grant>();
  const grants: Grant[] = [];
  /** By process and task: when it had claimed what another had. */
  const takeovers = new Map<string, number>();
  /** By process and task: when it had first raised the purse's epoch. */
  const fences = new Map<string, number>();
  /** By task and turn: the reservation that paid for what is saved. */
  const saved = new Map<string, Grant>();

  const checkPermit = ({ process, key, before, after }: WriteSeen): void => {
    const executionId = key.pk.slice("PERMIT#".length);
    if (before === undefined) {
      must(process.role === "api", 10, () => `${process.id} creates a permit`, "P2");
      return;
    }
    sums.check(executionId, after);
    const earlier = stopsOf(before);
    const later = stopsOf(after);
    must(
      earlier.stopped === undefined || later.stopped === earlier.stopped,
      10,
      () => "a stop is forgotten",
      "P3",
    );
    const epochs = (permit: Item) => permit["epochs"] as Record<string, number>;
    for (const [n, epoch] of Object.entries(epochs(before))) {
      must(
        (epochs(after)[n] ?? 0) >= epoch,
        10,
        () => `the purse's epoch of ${executionId}.${n} falls`,
        "P5",
      );
    }
    for (const [n, epoch] of Object.entries(epochs(after))) {
      // A reservation is a fence too, but a late one: what was saved before it is read already.
      const isReservation = openOf(after)[n]?.id !== openOf(before)[n]?.id;
      if (epoch !== epochs(before)[n] && !isReservation) {
        fences.set(`${process.id}|${executionId}.${n}`, books.seq);
      }
    }
    for (const [n, reservation] of Object.entries(openOf(after))) {
      const former = openOf(before)[n];
      if (former?.id === reservation.id) continue;
      checkGranted(process, `${executionId}.${n}`, reservation.id, before, n);
    }
  };

  const checkGranted = (process: SimProcess, taskId: string, id: string, before: Item, n: string): void => {
    const say = (what: string) => () => `${process.id} reserves ${id} for ${taskId}: ${what}`;
    const { stopped, stops } = stopsOf(before);
    must(stopped === undefined && stops[n] === undefined, 10, say("it is stopped"), "P3");
    const { epoch, turn } = partsOf(id);
    must(epoch >= ((before["epochs"] as Record<string, number>)[n] ?? 0), 10, say("it was replaced"), "P5");
    const key = `${process.id}|${taskId}`;
    if (books.peek(turnKey(process.name, taskId, turn)) !== undefined) {
      // A predecessor's call that was under way when the purse was fenced may be saved later, and no other.
      const fencedAt = fences.get(key) ?? takeovers.get(key) ?? 0;
      must(
        (saved.get(`${taskId}#${turn}`)?.seq ?? 0) < fencedAt,
        10,
        say("that turn is saved, was not under way at the takeover, and would be paid again"),
        "P5",
      );
    }
    if (takeovers.has(key)) {
      const readAt = books.lastRead(process, taskKey(process.name, taskId))?.seq ?? 0;
      must(
        readAt > (fences.get(key) ?? readAt),
        10,
        say("it has not read what was saved up to its fence"),
        "P5",
      );
    }
    const record = books.peek(taskKey(process.name, taskId));
    must(record?.["status"] === "SCHEDULED", 10, say("the task has ended"), "P5");
    const grant: Grant = { process, taskId, id, seq: books.seq, call: undefined };
    grants.push(grant);
    granted.set(key, grant);
  };

  const checkCall = ({ process, taskId, used, outcome }: ModelCallSeen): void => {
    const { executionId, n } = splitTaskId(taskId);
    const say = (what: string) => () => `${process.id} calls the model for ${taskId}: ${what}`;
    const reservation = granted.get(`${process.id}|${taskId}`);
    must(reservation !== undefined, 10, say("nothing was reserved"), "P4");
    must(reservation.call === undefined, 10, say(`reservation ${reservation.id} is used twice`), "P4");
    const permit = books.permit(executionId) as Item;
    must(
      !process.isClean || openOf(permit)[String(n)]?.id === reservation.id,
      10,
      say("its reservation is not open any more"),
      "P4",
    );
    sums.bill(executionId, used);
    sums.check(executionId, permit);
    const { turn } = partsOf(reservation.id);
    reservation.call = { process, taskId, turn, outcome, isSaved: false };
    calls.push(reservation.call);
  };

  const noteTurn = ({ process, key, after }: WriteSeen): void => {
    const taskId = key.pk.split("#")[2];
    const call = calls.findLast((made) => made.process === process && made.taskId === taskId);
    must(
      call?.outcome === "answered" && call.turn === after["n"],
      10,
      () => `${process.id} saves turn ${after["n"]} of ${taskId} without having asked for it`,
    );
    call.isSaved = true;
    const grant = grants.findLast((given) => given.call === call);
    if (grant !== undefined) saved.set(`${taskId}#${call.turn}`, grant);
  };

  const wastedBy = (process: SimProcess): PaidCall[] =>
    calls.filter((call) => call.process === process && call.outcome === "answered" && !call.isSaved);

  return {
    wrote(seen) {
      const { process, key, before, after } = seen;
      if (key.sk === "PERMIT") checkPermit(seen);
      if (key.sk.startsWith("TURN#")) noteTurn(seen);
      if (key.sk !== "TASK" || typeof process.role === "string") return;
      const taskId = String(after["taskId"]);
      if (after["epoch"] !== before?.["epoch"]) {
        // A process that is used again may have taken over before what it now claims as nobody's.
        if (before?.["claim"] === undefined) takeovers.delete(`${process.id}|${taskId}`);
        else takeovers.set(`${process.id}|${taskId}`, books.seq);
      }
      if (after["status"] !== "SCHEDULED" && takeovers.has(`${process.id}|${taskId}`)) {
        const { executionId, n } = splitTaskId(taskId);
        const epochs = (books.permit(executionId)?.["epochs"] ?? {}) as Record<string, number>;
        must(
          (epochs[String(n)] ?? 0) >= Number(after["epoch"]),
          10,
          () => `${process.id} ends ${taskId} after a takeover without having fenced the purse`,
          "P5",
        );
      }
    },
    calledModel: checkCall,
    ended(process) {
      if (typeof process.role === "string" || !process.isClean) return;
      for (const { taskId, turn } of wastedBy(process)) {
        const { executionId, n } = splitTaskId(taskId);
        const { stopped, stops } = stopsOf(books.permit(executionId));
        const adopted = books.peek(turnKey(process.name, taskId, turn));
        must(
          stopped !== undefined || stops[String(n)] !== undefined || adopted !== undefined,
          10,
          () => `${process.id} has paid for turn ${turn} of ${taskId} and thrown it away`,
          "P6",
        );
      }
    },
    atEnd() {
      for (const process of new Set(calls.map((call) => call.process))) {
        // Where another's call was saved, under way at the takeover, it is that one's death which cost a call.
        const lost = wastedBy(process).filter(({ taskId, turn }) => !saved.has(`${taskId}#${turn}`));
        must(lost.length <= 1, 10, () => `${process.id} has lost ${lost.length} paid calls`, "P6");
      }
      for (const executionId of sums.executionIds) {
        const { tokens } = sums.spentBy(executionId);
        const permit = books.permit(executionId);
        const unknown = grants.filter(
          (grant) => grant.taskId.startsWith(executionId) && !isKnown(grant),
        ).length;
        const slack = unknown * ESTIMATE.tokens;
        must(
          Number(permit?.["committedTokens"]) <= tokens + slack,
          10,
          () =>
            `the purse of ${executionId} keeps ${permit?.["committedTokens"]} tokens for ${tokens} spent and ${slack} unknown`,
          "P4",
        );
      }
    },
  };
};
