import { nearestName } from "../../functions/shared/kernel/nearest-name.ts";
import type { AnyCommand, CommonValues } from "./command.ts";
import { parseCommandLine } from "./command-line.ts";
import { agents } from "./commands/agents.ts";
import { answer } from "./commands/answer.ts";
import { demo } from "./commands/demo.ts";
import { files } from "./commands/files.ts";
import { history } from "./commands/history.ts";
import { ls } from "./commands/ls.ts";
import { run } from "./commands/run.ts";
import { show } from "./commands/show.ts";
import { stop } from "./commands/stop.ts";
import { up } from "./commands/up.ts";
import { type Context, type Output, processContext } from "./context.ts";
import { CliError, UsageError } from "./errors.ts";
import { commandHelp, overallHelp } from "./help.ts";

const COMMANDS: readonly AnyCommand[] = [up, run, demo, ls, show, history, files, answer, stop, agents];

/** The whole program: arguments in, exit code out (0 done, 1 refused or failed, 2 cannot be done as asked). */
export const main = async (args: readonly string[], context: Context): Promise<number> => {
  try {
    return await dispatch(args, context);
  } catch (error) {
    return report(error, context);
  }
};

const dispatch = async ([name, ...rest]: readonly string[], context: Context): Promise<number> => {
  if (name === "help" && rest[0] !== undefined) return dispatch([rest[0], "--help"], context);
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    context.stdout.write(overallHelp(COMMANDS));
    return 0;
  }
  const command = commandNamed(name);
  const { values, positionals } = parseCommandLine(command, rest);
  if ((values as CommonValues).help === true) {
    context.stdout.write(commandHelp(command));
    return 0;
  }
  // The parser has checked the values against this command's own flags.
  return command.run(values as never, positionals, context);
};

const commandNamed = (name: string): AnyCommand => {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  if (name.startsWith("-")) throw new UsageError("the command comes first, then its flags", CALL_HELP);
  const names = COMMANDS.map((candidate) => candidate.name);
  const near = nearestName(name, names);
  throw new UsageError(
    `there is no command "${name.slice(0, 80)}"${near === undefined ? "" : `; did you mean ${near}?`}`,
    `commands: ${names.join(", ")}`,
  );
};

const CALL_HELP = "npm run bulkhead -- --help";

/** One line, and what to do. Only what nobody foresaw shows a stack, and only to who asks for it. */
const report = (error: unknown, { stderr, env }: Context): number => {
  if (error instanceof CliError) {
    writeError(stderr, error.message, error.hint);
    return error.exitCode;
  }
  const unforeseen = error instanceof Error ? error : new Error(String(error));
  writeError(stderr, `unexpected: ${unforeseen.message}`, "BULKHEAD_DEBUG=1 shows where");
  if (env["BULKHEAD_DEBUG"] === "1") stderr.write(`${unforeseen.stack ?? ""}\n`);
  return 1;
};

const writeError = (stream: Output, message: string, hint: string | undefined): void => {
  stream.write(`bulkhead: ${message.replaceAll(/\s*\n\s*/g, " ")}\n`);
  if (hint !== undefined) stream.write(`  ${hint}\n`);
};

/** Runs this process's own command line. */
export const runProcess = async (): Promise<void> => {
  // `bulkhead files ID PATH | head`: who stops reading has what it wanted.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? 0 : 1);
  });
  process.exitCode = await main(process.argv.slice(2), processContext());
};

if (import.meta.main) await runProcess();
