/** Numbers as people read them; every function is pure and gives ASCII. */

export const tokensText = (tokens: number): string => {
  if (tokens < 1000) return String(tokens);
  if (tokens < 99_950) return `${(tokens / 1000).toFixed(1)}k`;
  if (tokens < 999_500) return `${Math.round(tokens / 1000)}k`;
  return `${(tokens / 1e6).toFixed(1)}M`;
};

/** `null` is an unknown price, which is not nothing. */
export const dollarsText = (microUsd: number | null): string => {
  if (microUsd === null) return "$?";
  const dollars = microUsd / 1e6;
  return `$${dollars.toFixed(dollars < 1 ? 4 : 2)}`;
};

export const durationText = (ms: number): string => {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h${two(Math.floor(whole / 60) % 60)}m`;
  return `${Math.floor(whole / 86_400)}d${two(Math.floor(whole / 3600) % 24)}h`;
};

/** One unit is enough for "how long ago". */
export const ageText = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h ago`;
  return `${Math.floor(seconds / 86_400)}d ago`;
};

export const bytesText = (bytes: number): string => {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
};

export const countText = (count: number, noun: string): string =>
  `${count} ${count === 1 ? noun : `${noun}s`}`;

const two = (number: number): string => String(number).padStart(2, "0");
