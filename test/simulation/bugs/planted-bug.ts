/** A change of the product's source that breaks one of its rules, and that the simulator must notice. */
export interface PlantedBug {
  readonly name: string;
  /** P1-P16 of the protocol, or a word for what is broken when it is none of them. */
  readonly rule: string;
  readonly patches: readonly Patch[];
  /** Only a world of a new seed can notice it: with people, limits at the provider, or short contexts. */
  readonly needsNewSeed?: boolean;
}

/** `find` occurs in `file` exactly once. */
export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const bugsIn =
  (folder: string) =>
  (name: string, rule: string, file: string, find: string, replace: string): PlantedBug => ({
    name,
    rule,
    patches: [{ file: `${folder}/${file}`, find, replace }],
  });

export const inAgent = bugsIn("functions/shared/agent");
export const inCoordinator = bugsIn("functions/coordinator");
export const inFunctions = bugsIn("functions");

export const inNewWorlds = (bug: PlantedBug): PlantedBug => ({ ...bug, needsNewSeed: true });
