import { hasRoom, printLine } from "./host.mjs";
import { inspect } from "./inspect.mjs";

const log = (...values) => {
  if (hasRoom()) printLine(format(values));
};

/** `%s` and its like in a first text are filled in; what is left over follows. */
const format = (values) => {
  const [first, ...rest] = values;
  if (typeof first !== "string" || !first.includes("%")) return values.map(inspect).join(" ");
  const text = first.replaceAll(/%[sdifjoOc%]/g, (place) => {
    if (place === "%%") return "%";
    if (rest.length === 0) return place;
    const value = rest.shift();
    if (place === "%c") return "";
    return /[dif]/.test(place[1])
      ? String(place === "%i" ? Math.trunc(value) : Number(value))
      : inspect(value);
  });
  return [text, ...rest.map(inspect)].join(" ");
};

export const installConsole = () => {
  globalThis.console = {
    log,
    info: log,
    debug: log,
    warn: log,
    error: log,
    dir: (value) => log(value),
    table: (value) => log(value),
    trace: (...values) => log("trace:", ...values),
    assert: (condition, ...values) => {
      if (!condition) log("assertion failed", ...values);
    },
    group: log,
    groupEnd: () => {},
    time: () => {},
    timeEnd: () => {},
  };
};
