import { scriptOptions } from "../../infra/script-options.ts";
import { SCENARIOS } from "./scenario.ts";
import { search } from "./search.ts";

/** `npm run exhaustive`: every scenario, with what was searched; exit code 1 with the way to a violation. */
scriptOptions("npm run exhaustive", {});
const started = performance.now();
let states = 0;
let transitions = 0;
try {
  for (const scenario of SCENARIOS) {
    const from = performance.now();
    const found = await search(scenario);
    states += found.states;
    transitions += found.transitions;
    const seconds = ((performance.now() - from) / 1000).toFixed(1);
    console.log(
      `${scenario.name}: ${found.states} states, ${found.transitions} transitions, ${found.ends} ends, ${found.decisions} decisions, ${seconds} s`,
    );
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`in all: ${states} states, ${transitions} transitions, no violation, ${seconds} s`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
