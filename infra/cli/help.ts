import { type AnyCommand, type Example, type Flags, flagsOf } from "./command.ts";

const CALL = "npm run bulkhead --";
/** For what a program or a file gets: npm says on stdout what it runs, before that has said anything. */
const QUIET_CALL = "npm run -s bulkhead --";

export const overallHelp = (commands: readonly AnyCommand[]): string => {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const rows = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    "Bulkhead runs teams of AI agents in which nothing is shared between agents.",
    "",
    `Usage: ${CALL} COMMAND [flags]`,
    "",
    "Commands:",
    ...rows,
    "",
    "Every command takes --json and --help, and those that look at executions where:",
    "  --api URL     a Bulkhead API (or BULKHEAD_API), with --key KEY (or BULKHEAD_KEY)",
    "  --data DIR    a data folder",
    "With neither, it is the host that `up` started at http://127.0.0.1:4100, if one",
    "listens, and otherwise the data folder .bulkhead.",
    "",
    "npm begins with two lines of its own on stdout; `npm run -s bulkhead` has none.",
    "",
    "Examples:",
    ...exampleLines([
      { line: "demo", what: "one request, end to end" },
      { line: 'run "Write a rate limiter in TypeScript"', what: "your own request" },
      { line: "show last", what: "the newest execution: tasks, turns, cost" },
      { line: "files last", what: "what its agents wrote" },
    ]),
    "",
    "Exit codes: 0 done; 1 the execution did not succeed, or the API refused;",
    "            2 the command line is wrong, or this machine cannot do it.",
    "",
  ].join("\n");
};

export const commandHelp = (command: AnyCommand): string =>
  [
    `${command.summary}.`,
    "",
    `Usage: ${[CALL, command.name, ...command.positionals].join(" ")} [flags]`,
    "",
    "Flags:",
    ...flagLines(flagsOf(command)),
    "",
    "Examples:",
    ...exampleLines(command.examples),
    "",
  ].join("\n");

const flagLines = (flags: Flags): string[] => {
  const rows = Object.entries(flags).map(
    ([name, { value, help }]) => [`--${name}${value === undefined ? "" : ` ${value}`}`, help] as const,
  );
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
};

const exampleLines = (examples: readonly Example[]): string[] =>
  examples.flatMap(({ line, what }) => [
    `  # ${what}`,
    `  ${/--json|>/.test(line) ? QUIET_CALL : CALL} ${line}`,
  ]);
