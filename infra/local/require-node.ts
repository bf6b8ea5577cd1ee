const NEEDED = 24;

/** One line that says what to do when this Node cannot run the host; `undefined` when it can. */
export const nodeProblem = (version: string): string | undefined => {
  const major = Number(version.replace(/^v/, "").split(".")[0]);
  if (major >= NEEDED) return undefined;
  return (
    "Bulkhead needs Node " +
    NEEDED +
    " or newer, this is " +
    version +
    "; `npm ci` installs one that npm scripts find"
  );
};
