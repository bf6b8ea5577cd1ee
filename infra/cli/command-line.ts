import { parseArgs } from "node:util";
import { nearestName } from "../../functions/shared/kernel/nearest-name.ts";
import { type AnyCommand, flagsOf } from "./command.ts";
import { UsageError } from "./errors.ts";

export interface CommandLine {
  readonly values: Readonly<Record<string, string | boolean | readonly string[]>>;
  readonly positionals: readonly string[];
}

/** What follows the command's name. Rejects a mistake with a UsageError that names it and the nearest right word. */
export const parseCommandLine = (command: AnyCommand, args: readonly string[]): CommandLine => {
  const flags = flagsOf(command);
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(flags).map(([name, { type, multiple = false }]) => [
        name,
        name === "help" ? { type, short: "h" } : { type, multiple },
      ]),
    ),
    allowPositionals: true,
    // Strict mode stops at the first mistake with words of its own; ours name the nearest flag.
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "option") checkFlag(command, flags[token.name], token);
  }
  if (values["help"] !== true) checkPositionals(command, positionals);
  return { values: values as CommandLine["values"], positionals };
};

const checkFlag = (
  command: AnyCommand,
  flag: { type: string; value?: string } | undefined,
  token: { name: string; rawName: string; value?: string | undefined },
): void => {
  if (flag === undefined) {
    const near = nearestName(token.name, Object.keys(flagsOf(command)));
    const meant = near === undefined ? "" : `; did you mean --${near}?`;
    throw new UsageError(`${command.name} has no flag ${token.rawName}${meant}`, helpHint(command));
  }
  if (flag.type === "string" && (token.value === undefined || token.value === "")) {
    throw new UsageError(
      `${token.rawName} needs a value: ${token.rawName} ${flag.value ?? "VALUE"}`,
      helpHint(command),
    );
  }
  if (flag.type === "boolean" && token.value !== undefined) {
    throw new UsageError(`${token.rawName} takes no value`, helpHint(command));
  }
};

const checkPositionals = (command: AnyCommand, positionals: readonly string[]): void => {
  const needed = command.positionals.filter((name) => !name.startsWith("["));
  const missing = needed[positionals.length];
  if (missing !== undefined) throw new UsageError(`${command.name} needs ${missing}`, helpHint(command));
  const extra = positionals[command.positionals.length];
  if (extra !== undefined) {
    const quote = command.positionals.includes("TEXT") ? "; put the text in quotes" : "";
    throw new UsageError(
      `${command.name} does not know what to do with "${extra}"${quote}`,
      helpHint(command),
    );
  }
};

const helpHint = (command: AnyCommand): string => `npm run bulkhead -- ${command.name} --help`;

/** A number of the command line, checked; `undefined` when it was not given. `name` is what help calls it: `--limit`, `TASK`. */
export const numberOf = (
  name: string,
  value: string | undefined,
  { whole = true }: { whole?: boolean } = {},
): number | undefined => {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (value.trim() === "" || !Number.isFinite(number) || (whole && !Number.isInteger(number))) {
    throw new UsageError(`${name} takes a ${whole ? "whole number" : "number"}, not "${value.slice(0, 80)}"`);
  }
  return number;
};
