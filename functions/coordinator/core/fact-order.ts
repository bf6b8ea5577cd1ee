import type { Fact, FactOf } from "./fact.ts";

/**
 * Facts of one kind together, in an order of our own: what is finished counts before anything is
 * stopped, retried or timed out (P12), and a stop counts before the failures that it caused (P3).
 */
export const inOrder = (facts: readonly Fact[]): Fact[][] => {
  const byTask = facts.toSorted((a, b) => placeOf(a) - placeOf(b));
  return RANKS.map((rank) => byTask.filter((fact) => rankOf(fact) === rank)).filter(
    (alike) => alike.length > 0,
  );
};

const placeOf = (fact: Fact): number => ("task" in fact ? fact.task : 0);

const rankOf = (fact: Fact): number => {
  switch (fact.type) {
    case "Started":
      return 0;
    case "TaskSeenSucceeded":
      return 1;
    case "TaskSeenFailed":
      return obeyedStop(fact) ? 4 : 2;
    case "TaskSeenUnreadable":
      return 2;
    case "StopRequested":
      return 3;
    case "TaskSeenSuspended":
      return 5;
    case "TaskSeenOpen":
      return 6;
    case "ClockTicked":
      return 7;
  }
};

const RANKS = [0, 1, 2, 3, 4, 5, 6, 7];

export const obeyedStop = ({ failure }: FactOf<"TaskSeenFailed">): boolean => failure.name === "Aborted";
