import { library } from "../../../examples/library/script.ts";
import { review } from "../../../examples/review/script.ts";
import { twoWaves } from "../../../examples/two-waves/script.ts";
import type { Script } from "./script.ts";
import { askHumanScript } from "./scripts/ask-human.ts";
import { badHandoffs } from "./scripts/bad-handoffs.ts";
import { bigAnswer } from "./scripts/big-answer.ts";
import { empty } from "./scripts/empty.ts";
import { failCollect } from "./scripts/fail-collect.ts";
import { failFast } from "./scripts/fail-fast.ts";
import { fanOut20 } from "./scripts/fan-out-20.ts";
import { faults } from "./scripts/faults.ts";
import { heldBack } from "./scripts/held-back.ts";
import { injected } from "./scripts/injected.ts";
import { longTask } from "./scripts/long-task.ts";
import { loop } from "./scripts/loop.ts";
import { malformed } from "./scripts/malformed.ts";
import { manyCalls } from "./scripts/many-calls.ts";
import { moreFaults } from "./scripts/more-faults.ts";
import { nested } from "./scripts/nested.ts";
import { pingPong } from "./scripts/ping-pong.ts";
import { quick } from "./scripts/quick.ts";
import { quorum } from "./scripts/quorum.ts";
import { refused } from "./scripts/refused.ts";
import { research } from "./scripts/research.ts";
import { researcherHandoff } from "./scripts/researcher-handoff.ts";
import { runCodeScript } from "./scripts/run-code.ts";
import { single } from "./scripts/single.ts";
import { slowPlanner } from "./scripts/slow-planner.ts";
import { standard } from "./scripts/standard.ts";
import { stopMe } from "./scripts/stop-me.ts";
import { storm } from "./scripts/storm.ts";
import { thrifty } from "./scripts/thrifty.ts";
import { transfer } from "./scripts/transfer.ts";
import { truncated } from "./scripts/truncated.ts";
import { twoHandoffs } from "./scripts/two-handoffs.ts";
import { unknownTool } from "./scripts/unknown-tool.ts";
import { workspace } from "./scripts/workspace.ts";
import { writeFiles } from "./scripts/write-files.ts";

/** Every script that comes with the server; `[[name]]` in a request chooses one. */
export const ALL_SCRIPTS: readonly Script[] = [
  askHumanScript,
  badHandoffs,
  bigAnswer,
  empty,
  failCollect,
  failFast,
  fanOut20,
  faults,
  heldBack,
  longTask,
  injected,
  library,
  loop,
  malformed,
  manyCalls,
  moreFaults,
  nested,
  pingPong,
  quick,
  quorum,
  refused,
  research,
  researcherHandoff,
  review,
  runCodeScript,
  single,
  slowPlanner,
  standard,
  stopMe,
  storm,
  thrifty,
  transfer,
  truncated,
  twoHandoffs,
  twoWaves,
  unknownTool,
  workspace,
  writeFiles,
];
