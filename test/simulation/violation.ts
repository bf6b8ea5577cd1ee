/** A promise that was broken: the number is that of docs/protocol.md. */
export class Violation extends Error {
  override readonly name = "Violation";
  readonly invariant: number;
  /** The protocol rule that was in play, when it is one of P1-P16. */
  readonly rule: string | undefined;

  constructor(invariant: number, message: string, rule?: string) {
    super(`invariant ${invariant}${rule === undefined ? "" : ` (${rule})`}: ${message}`);
    this.invariant = invariant;
    this.rule = rule;
  }
}

/** Throws when what must hold does not. The text is made only then: checks run at every write. */
export function must(
  condition: unknown,
  invariant: number,
  message: () => string,
  rule?: string,
): asserts condition {
  if (!condition) throw new Violation(invariant, message(), rule);
}
