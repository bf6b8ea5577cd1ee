import { LIMITS } from "../contracts/limits.ts";
import { ToolRefusal } from "./tool.ts";

/**
 * The one form of a workspace path: relative, NFC, parts of letters, marks, digits, `.`, `_`, `-`
 * and inner spaces. Nothing is decoded or resolved: what would need it is refused, so that two
 * spellings never name one file and one spelling never two. Throws ToolRefusal `INVALID_PATH`.
 *
 * The workspace is an index of items, not a disk: there are no links to follow.
 */
export const workspacePath = (raw: string): string => {
  const path = raw.normalize("NFC");
  const parts = path.split("/");
  if (Buffer.byteLength(path) > LIMITS.pathBytesMax) {
    throw invalidPath(raw, `is longer than ${LIMITS.pathBytesMax} bytes`);
  }
  if (parts.length > LIMITS.pathPartsMax)
    throw invalidPath(raw, `has more than ${LIMITS.pathPartsMax} parts`);
  for (const part of parts) {
    if (!PART.test(part))
      throw invalidPath(raw, `has a part that is empty, too long or holds other characters`);
    if (EDGE.test(part))
      throw invalidPath(raw, "has a part that is, or ends with, a dot, or has a space at an edge");
  }
  return path;
};

/** Answers of peers live here. */
export const HANDOFFS_FOLDER = "handoffs";
/** Results of tools live here that are too large to be told whole. */
export const RESULTS_FOLDER = "tool-results";

/** Only the runtime writes these, so that no agent can forge what is in them. */
const RESERVED: Readonly<Record<string, string>> = {
  [HANDOFFS_FOLDER]: "the answers of other agents",
  [RESULTS_FOLDER]: "the results of tools",
};

/** A path that a tool may write; throws ToolRefusal `INVALID_PATH`. */
export const writablePath = (raw: string): string => {
  const path = workspacePath(raw);
  const folder = path.split("/")[0]?.toLowerCase() ?? "";
  if (Object.hasOwn(RESERVED, folder)) {
    throw invalidPath(raw, `lies in ${folder}/, which holds ${RESERVED[folder]}`);
  }
  return path;
};

const PART = new RegExp(`^[\\p{L}\\p{M}\\p{Nd}._ -]{1,${LIMITS.pathPartCharactersMax}}$`, "u");
/** Covers `.` and `..` as well: both end with a dot. */
const EDGE = /^ |[. ]$/;

const invalidPath = (raw: string, problem: string): ToolRefusal =>
  new ToolRefusal(
    "INVALID_PATH",
    `${JSON.stringify(raw.slice(0, 80))} ${problem}; use a relative path such as "src/main.ts"`,
  );
