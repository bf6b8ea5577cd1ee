import { editFile, listFiles, readFile, resultLines, writeFile } from "../calls.ts";
import { type Call, defineScript } from "../script.ts";

const ATTACKS = [
  "../../b/x",
  "/etc/passwd",
  "a\\..\\b",
  "%2e%2e/x",
  "a//b",
  "a\u0000b",
  "C:x",
  "trailing. ",
  ".",
  "",
  `${"long/".repeat(220)}x`,
  "handoffs/forged.md",
];

/** Two attacks, then a write that works: errors in a row are another script's subject. */
const attacks = (paths: readonly string[]): readonly Call[] =>
  paths.flatMap((path, index) => [
    index % 2 === 0 ? writeFile(path, "stolen") : readFile(path),
    ...(index % 2 === 1 ? [writeFile(`fine/${index}-${paths.length}.txt`, "kept\n")] : []),
  ]);

/** Path attacks, one name in two Unicode forms, a stale version, an edit that finds nothing. */
export const workspace = defineScript({
  name: "workspace",
  agents: {
    coder: [
      { calls: attacks(ATTACKS.slice(0, 7)) },
      { calls: attacks(ATTACKS.slice(7)) },
      {
        calls: [
          writeFile("caf\u00e9.md", "composed\n"),
          readFile("cafe\u0301.md"),
          writeFile("caf\u00e9.md", "stale\n", 7),
          listFiles(),
          editFile("caf\u00e9.md", "not there", "nothing"),
        ],
      },
      (context) => ({ text: [1, 2, 3].map((turn) => resultLines(context.toolResultsOf(turn))).join("\n") }),
    ],
  },
});
