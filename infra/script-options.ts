import { type ParseArgsConfig, parseArgs } from "node:util";

type Parsed<C extends ParseArgsConfig> = ReturnType<typeof parseArgs<C>>;

/**
 * The command line of a script that a person starts, as `parseArgs` reads it. Ends the process with 0 and
 * the usage after `--help`, and with 2 and two lines after a mistake: a stack would hide what is wrong.
 */
export const scriptOptions = <const C extends ParseArgsConfig>(usage: string, config: C): Parsed<C> => {
  try {
    const options = { ...config.options, help: { type: "boolean", short: "h" } } as const;
    const parsed = parseArgs({ ...config, options });
    if (!("help" in parsed.values)) return parsed as unknown as Parsed<C>;
  } catch (error) {
    // What follows the first sentence is about positionals that look like options.
    return misused(usage, String((error as Error).message).split(". ")[0] ?? "");
  }
  console.log(`usage: ${usage}`);
  process.exit(0);
};

/** The whole number, 0 at least, that an option was given; ends the process like `scriptOptions` when it is none. */
export const wholeNumber = (usage: string, option: string, text: string): number =>
  /^\d{1,15}$/.test(text)
    ? Number(text)
    : misused(usage, `--${option} takes a whole number, not "${text.slice(0, 80)}"`);

export const misused = (usage: string, problem: string): never => {
  console.error(`${problem}\nusage: ${usage}`);
  process.exit(2);
};
