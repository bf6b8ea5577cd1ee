import { ACCOUNT_BUGS } from "./account-bugs.ts";
import { CHECK_BUGS } from "./check-bugs.ts";
import { CLAIM_BUGS } from "./claim-bugs.ts";
import { COMMIT_BUGS } from "./commit-bugs.ts";
import { FAILURE_BUGS } from "./failure-bugs.ts";
import { JOIN_BUGS } from "./join-bugs.ts";
import { PEOPLE_BUGS } from "./people-bugs.ts";
import type { PlantedBug } from "./planted-bug.ts";
import { PURSE_BUGS } from "./purse-bugs.ts";
import { RECORD_BUGS } from "./record-bugs.ts";
import { REPORT_BUGS } from "./report-bugs.ts";
import { REQUEST_BUGS } from "./request-bugs.ts";
import { STOP_BUGS } from "./stop-bugs.ts";
import { TURN_BUGS } from "./turn-bugs.ts";

/** In the order of an execution's life. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  ...REQUEST_BUGS,
  ...COMMIT_BUGS,
  ...RECORD_BUGS,
  ...CHECK_BUGS,
  ...CLAIM_BUGS,
  ...TURN_BUGS,
  ...PURSE_BUGS,
  ...ACCOUNT_BUGS,
  ...PEOPLE_BUGS,
  ...REPORT_BUGS,
  ...JOIN_BUGS,
  ...STOP_BUGS,
  ...FAILURE_BUGS,
];
