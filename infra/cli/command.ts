import type { Context } from "./context.ts";

/** One flag as `--help` shows it and the parser checks it. */
export interface Flag {
  readonly type: "string" | "boolean";
  /** What stands for the value in the help text: `URL`, `SECONDS`. */
  readonly value?: string;
  readonly help: string;
  /** May be given several times. */
  readonly multiple?: true;
}
export type Flags = Readonly<Record<string, Flag>>;

export type ValuesOf<F extends Flags> = {
  readonly [Name in keyof F]?: F[Name] extends { readonly multiple: true }
    ? readonly string[]
    : F[Name]["type"] extends "string"
      ? string
      : boolean;
};

export interface Example {
  /** What follows `npm run bulkhead -- `. */
  readonly line: string;
  readonly what: string;
}

export interface Command<F extends Flags = Flags> {
  readonly name: string;
  readonly summary: string;
  /** Names of the positional arguments, in order; those in brackets may be left out. */
  readonly positionals: readonly string[];
  readonly flags: F;
  /** What a common flag means to this command alone; `null`: it does not take it. */
  readonly common?: Readonly<Partial<Record<keyof CommonFlags, string | null>>>;
  readonly examples: readonly Example[];
  /** Resolves with the exit code; rejects with a CliError for what a person can mend. */
  run(values: ValuesOf<F & CommonFlags>, positionals: readonly string[], context: Context): Promise<number>;
}

const COMMON_FLAGS = {
  api: { type: "string", value: "URL", help: "a Bulkhead API to talk to (or BULKHEAD_API)" },
  key: { type: "string", value: "KEY", help: "its API key (or BULKHEAD_KEY)" },
  data: { type: "string", value: "DIR", help: "open this data folder instead (default .bulkhead)" },
  json: { type: "boolean", help: "JSON on stdout" },
  help: { type: "boolean", help: "this text" },
} as const satisfies Flags;
export type CommonFlags = typeof COMMON_FLAGS;
export type CommonValues = ValuesOf<CommonFlags>;

/** All flags that a command takes, its own first. */
export const flagsOf = ({ flags, common = {} }: AnyCommand): Flags => ({ ...flags, ...commonFlags(common) });

const commonFlags = (own: NonNullable<AnyCommand["common"]>): Flags =>
  Object.fromEntries(
    Object.entries(COMMON_FLAGS).flatMap(([name, flag]) => {
      const help = own[name as keyof CommonFlags];
      return help === null ? [] : [[name, help === undefined ? flag : { ...flag, help }]];
    }),
  );

/** A command whatever its flags, as the table in `main.ts` holds it. */
export type AnyCommand = Omit<Command, "run"> & {
  run(values: never, positionals: readonly string[], context: Context): Promise<number>;
};

export const defineCommand = <const F extends Flags>(command: Command<F>): Command<F> => command;
