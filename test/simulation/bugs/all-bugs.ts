import { ACCOUNT_BUGS } from "./account-bugs.ts";
import { AGENT_BUGS } from "./agent-bugs.ts";
import { COORDINATOR_BUGS } from "./coordinator-bugs.ts";
import { OTHER_BUGS } from "./other-bugs.ts";
import { PEOPLE_BUGS } from "./people-bugs.ts";
import type { PlantedBug } from "./planted-bug.ts";

export const PLANTED_BUGS: readonly PlantedBug[] = [
  ...COORDINATOR_BUGS,
  ...AGENT_BUGS,
  ...ACCOUNT_BUGS,
  ...PEOPLE_BUGS,
  ...OTHER_BUGS,
];
