/** A change of the product's source that breaks one of its rules, and that the simulator must notice. */
export interface PlantedBug {
  readonly name: string;
  /** P1-P16 of the protocol, or a word for what is broken when it is none of them. */
  readonly rule: string;
  readonly patches: readonly Patch[];
  /** Only a world with people, or with limits at the provider, can notice it. */
  readonly needsNewSeed?: boolean;
}

/** `find` occurs in `file` exactly once. */
export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}
