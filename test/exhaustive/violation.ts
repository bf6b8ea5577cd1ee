/** An invariant of docs/protocol.md, or a protocol rule, that does not hold. */
export class Violation extends Error {
  override readonly name = "Violation";
}

export const must = (holds: boolean, what: string): void => {
  if (!holds) throw new Violation(what);
};
