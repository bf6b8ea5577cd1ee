// Values as text for people. Whatever a value does when it is looked at, looking ends and never throws.
const DEPTH_MAX = 6;
const ENTRIES_MAX = 100;
const CHARACTERS_MAX = 64 * 1024;
const LINE_CHARACTERS_MAX = 80;

/** `console.log` shows a text as it is, and quotes it inside of other values. */
export const inspect = (value) => {
  if (typeof value === "string") return value;
  const text = isError(value) ? showError(value) : inspectNested(value);
  return text.length > CHARACTERS_MAX ? `${text.slice(0, CHARACTERS_MAX)}[cut]` : text;
};

/** The same with texts quoted, for what is compared. */
export const inspectNested = (value) => {
  try {
    return show(value, { depth: 0, above: [], room: { characters: CHARACTERS_MAX } });
  } catch {
    return "[a value that cannot be looked at]";
  }
};

const isError = (value) => {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
};

const show = (value, context) => {
  const text = typeof value === "object" && value !== null ? showObject(value, context) : showPlain(value);
  context.room.characters -= text.length;
  return text;
};

const showPlain = (value) => {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "function":
      return `[${/^class\b/.test(Function.prototype.toString.call(value)) ? "class" : "function"} ${nameOf(value)}]`;
    case "symbol":
      return Symbol.prototype.toString.call(value);
    default:
      return Object.is(value, -0) ? "-0" : String(value);
  }
};

const nameOf = (fn) => (typeof fn.name === "string" && fn.name !== "" ? fn.name : "(anonymous)");

const showObject = (value, { depth, above, room }) => {
  if (above.includes(value)) return "[circular]";
  if (value instanceof Error) return `[${value.name}: ${value.message}]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return RegExp.prototype.toString.call(value);
  if (value instanceof Promise) return "Promise {}";
  if (depth >= DEPTH_MAX || room.characters <= 0) return Array.isArray(value) ? "[…]" : "{…}";
  const inner = { depth: depth + 1, above: [...above, value], room };
  const isList = Array.isArray(value) || ArrayBuffer.isView(value);
  if (isList)
    return listed(
      "[",
      entriesOf(value, (one) => show(one, inner)),
      "]",
      typedName(value),
    );
  if (value instanceof Set)
    return listed(
      "{",
      entriesOf(value, (one) => show(one, inner)),
      "}",
      `Set(${value.size}) `,
    );
  if (value instanceof Map) {
    const entry = ([key, one]) => `${show(key, inner)} => ${show(one, inner)}`;
    return listed("{", entriesOf(value, entry), "}", `Map(${value.size}) `);
  }
  const entry = (key) => `${showKey(key)}: ${show(value[key], inner)}`;
  return listed("{", entriesOf(Object.keys(value), entry), "}", className(value));
};

const entriesOf = (values, entry) => {
  const shown = [];
  for (const value of values) {
    if (shown.length >= ENTRIES_MAX) {
      shown.push("…");
      break;
    }
    shown.push(entry(value));
  }
  return shown;
};

const listed = (open, entries, close, name) => {
  const space = open === "{" && entries.length > 0 ? " " : "";
  const line = `${name}${open}${space}${entries.join(", ")}${space}${close}`;
  if (line.length <= LINE_CHARACTERS_MAX && !line.includes("\n")) return line;
  return `${name}${open}\n${entries.map((entry) => indented(entry)).join(",\n")}\n${close}`;
};

const indented = (text) => text.replaceAll(/^/gm, "  ");
const typedName = (value) => (Array.isArray(value) ? "" : className(value));
const showKey = (key) => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key));

const className = (value) => {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null) return "[null prototype] ";
  const name = prototype.constructor?.name;
  return name === undefined || name === "Object" ? "" : `${name} `;
};

/** Name, message, and the places in the program's own files; never throws. */
export const showError = (error) => {
  try {
    const cause = error.cause === undefined ? "" : `\ncaused by ${inspectNested(error.cause)}`;
    return [`${error.name}: ${error.message}`, ...placesOf(error)].join("\n") + cause;
  } catch {
    return "[an error that cannot be looked at]";
  }
};

const PLACES_MAX = 10;

/** What the engine itself and the sandbox's own modules do is no place for the program's author to look at. */
const placesOf = ({ stack }) =>
  (typeof stack === "string" ? stack : "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line) && !/\((native|guest:[^)]*)\)|at guest:/.test(line))
    .slice(0, PLACES_MAX)
    .map((line) => `    ${line.trim()}`);
