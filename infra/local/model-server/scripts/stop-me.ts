import { defineScript } from "../script.ts";

/** A model call long enough to be stopped. `ms`: how long. */
export const stopMe = defineScript({
  name: "stop-me",
  agents: {
    coder: [({ settings }) => ({ text: "Nobody stopped me.", latencyMs: Number(settings["ms"] ?? 20_000) })],
  },
});
