/** Values of a log line: ids, codes, sizes, durations; never texts of users, models or secrets. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;
