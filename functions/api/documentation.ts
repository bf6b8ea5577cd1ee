import { Problem } from "../shared/contracts/api.ts";
import { PROBLEMS, type ProblemCode } from "./problems.ts";

/** Any route may meet these. */
const EVERYWHERE: readonly ProblemCode[] = ["UNKNOWN_FIELD", "INTERNAL", "UNAVAILABLE"];

/** The responses of a route that refuses in these ways: one per status, with an example per code. */
export const refusals = (...codes: readonly ProblemCode[]) => {
  const byStatus = Map.groupBy([...codes, ...EVERYWHERE], (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, these]) => [
      status,
      {
        description: these.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(" "),
        content: {
          "application/problem+json": {
            schema: Problem,
            examples: Object.fromEntries(these.map((code) => [code, { value: exampleOf(code) }])),
          },
        },
      },
    ]),
  );
};

const exampleOf = (code: ProblemCode) => ({
  type: `urn:bulkhead:problem:${code}`,
  title: PROBLEMS[code].title,
  status: PROBLEMS[code].status,
  code,
  detail: "what was given, and what it must be",
  requestId: "0d6c2d1e-6c0b-4a3e-9d1c-3f3a4b1f6c55",
});

export const waitHeader = {
  "Bulkhead-Wait": {
    description: "With `?wait=`: the seconds that were granted.",
    schema: { type: "integer" as const },
  },
};
