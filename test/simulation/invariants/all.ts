import type { PlanBook } from "../plan-book.ts";
import type { Scene } from "../scene.ts";
import type { Scheduler } from "../scheduler.ts";
import { Violation } from "../violation.ts";
import type { Watch } from "../watch.ts";
import { sharedAccounts } from "./accounts.ts";
import { lateAcknowledgements } from "./acknowledgements.ts";
import { approvedCalls } from "./approvals.ts";
import { Books, type StateWatch } from "./books.ts";
import { bounds, isolation } from "./bounds.ts";
import { timelyChecks } from "./checks.ts";
import { fencedClaims } from "./claims.ts";
import { singleEffects } from "./effects.ts";
import { wholeHistory } from "./history.ts";
import { orderedJoins } from "./joins.ts";
import { faithfulOutbox } from "./outbox.ts";
import { oneOutcome } from "./outcome.ts";
import { Ownerships } from "./ownership.ts";
import { boundedPayment } from "./payment.ts";
import { hopefulWaits } from "./purse-waits.ts";
import { trueReports } from "./reports.ts";
import { calmResending } from "./resending.ts";
import { rest } from "./rest.ts";
import { committedStops } from "./stops.ts";
import { steadyTranscripts } from "./transcripts.ts";
import { announcedWaits } from "./waits.ts";

/** All invariants of docs/protocol.md as eyes on one world; the books come first, since the others read them. */
export const invariantsOf = (world: { scheduler: Scheduler; scene: Scene; plans: PlanBook }) => {
  const books = new Books(world);
  const ownerships = new Ownerships(books);
  const eyes: StateWatch[] = [
    oneOutcome(books),
    wholeHistory(books),
    faithfulOutbox(books),
    calmResending(books),
    committedStops(books),
    trueReports(books),
    ownerships,
    fencedClaims(books, ownerships),
    lateAcknowledgements(books, ownerships),
    singleEffects(books),
    approvedCalls(books),
    orderedJoins(books),
    boundedPayment(books),
    hopefulWaits(books),
    sharedAccounts(books),
    announcedWaits(),
    steadyTranscripts(books),
    bounds(books),
    isolation(books),
    timelyChecks(books),
    rest(books, ownerships),
  ];
  books.tell(eyes);
  return {
    watches: [books, ...eyes] as const,
    open: (parts: Parameters<Books["open"]>[0]): void => books.open(parts),
    isGarbage: (executionId: string): boolean => books.isGarbage(executionId),
    noteDamage: (...damage: Parameters<Books["noteDamage"]>): void => books.noteDamage(...damage),
    executions: (): number => books.executionIds.length,
    /** A world that is too busy to end is as wrong as one that ends wrongly. */
    judgeEnd: (
      end: "done" | "idle" | "tooLong",
      watch: Required<Watch>,
      onViolation: (v: Violation) => void,
    ) => {
      if (end === "tooLong") onViolation(new Violation(15, "a storm: the world does not come to rest"));
      else watch.atEnd();
    },
  };
};
