import { approved, holdsOrThrows, type OrdinaryTool } from "./tool.ts";

/**
 * The same tool, but a person must approve its calls: all of them, or those for which `when` holds.
 * For tools that somebody else has declared; `defineTool` has `requiresApproval` for one's own.
 * `when` gets the input as the model gave it; a call is asked about when it throws.
 */
export const withApproval = (tool: OrdinaryTool, when?: (input: unknown) => boolean): OrdinaryTool => ({
  ...tool,
  ...(when === undefined ? { reaches: approved(tool.reaches) } : {}),
  prepare: (input) => {
    const prepared = tool.prepare(input);
    if (!prepared.ok || prepared.needsApproval === true) return prepared;
    return { ...prepared, needsApproval: when === undefined || holdsOrThrows(() => when(input)) };
  },
});
