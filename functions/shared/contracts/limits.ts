import { z } from "zod";

const KiB = 1024;

/**
 * Every number that bounds something, in one place. Units come last in the name.
 * Where a number is not a plain choice, the reason stands beside it.
 */
export const LIMITS = {
  /** SQS takes 256 KiB; the input never travels in a message, this bounds one POST body. */
  inputBytesMax: 256 * KiB,
  /** Files that come with a request. */
  firstFilesMax: 100,
  firstFilesBytesMax: 2 * 1024 * KiB,
  /** Input, files and the JSON around them; Lambda takes 6 MB, in which the body is escaped once more. */
  bodyBytesMax: 3 * 1024 * KiB,
  /** Messages hold ids only. */
  messageBytesMax: 1 * KiB,
  /** DynamoDB bills a write per KiB; above the target a warning is logged, at the wall the execution fails. */
  stateBytesTarget: 32 * KiB,
  stateBytesMax: 200 * KiB,
  /** DynamoDB's own wall; nothing of ours comes near it. */
  itemBytesMax: 400 * KiB,
  /** DynamoDB: keys of one BatchGetItem. */
  getManyMax: 100,
  /** STATE holds the input inline up to this size. */
  stateInlineBytesMax: 4 * KiB,
  turnInlineBytesMax: 32 * KiB,
  taskInlineBytesMax: 64 * KiB,
  /** All answers of one suspension, inline, must fit a tool result after JSON escaping. */
  answersInlineBytesMax: 24 * KiB,
  /** Answers up to this size travel inline when there are few branches. */
  answerInlineBytesMax: 16 * KiB,
  answerPreviewBytes: 1 * KiB,
  eventPreviewBytes: 256,
  eventsInStateMax: 60,
  outboxMax: 100,
  fanOutMax: 100,
  tasksMax: 500,
  depthDefault: 5,
  depthMax: 20,
  handoffsPerTaskMax: 10,
  /** Approvals included; a person's patience is the scarcer budget. */
  questionsPerTaskMax: 20,
  questionOptionsMax: 10,
  questionOptionCharactersMax: 200,
  /** What a person answers, and why one rejects, in bytes of UTF-8; the latter always stands in the record. */
  humanTextBytesMax: 16 * KiB,
  rejectReasonBytesMax: 1 * KiB,
  turnsPerTaskMax: 50,
  /** Turns in a row that were asked for notes of a conversation that is too long, and brought none. */
  notesTriesMax: 2,
  toolCallsPerTurnMax: 16,
  toolResultBytesMax: 32 * KiB,
  /** All results of one turn: what a transcript can grow by before its size is looked at again. */
  turnResultsBytesMax: 96 * KiB,
  /** Of a larger result the model is shown so much; the rest is a file of the workspace … */
  resultPreviewBytes: 2 * KiB,
  /** … which holds at most so much of it. */
  storedResultBytesMax: 5 * 1024 * KiB,
  toolErrorsInARowMax: 3,
  /** Of one agent. */
  toolServersMax: 10,
  /** What servers offer beyond these is left out: every turn of a task pays for all of it. */
  servedToolsMax: 64,
  servedToolsBytesMax: 128 * KiB,
  servedToolBytesMax: 16 * KiB,
  servedDescriptionBytesMax: 2 * KiB,
  servedCallMsDefault: 60_000,
  servedCallMsMax: 600_000,
  servedListMsMax: 20_000,
  servedListPagesMax: 20,
  /** One HTTP answer of a tool server. */
  servedBodyBytesMax: 4 * 1024 * KiB,
  /** The same call with the same input this often in a row is answered with an error result. */
  sameCallErrorAfter: 3,
  /** … and this often ends the task as NoProgress. */
  sameCallFailAfter: 10,
  /** Turns in a row whose every call failed or brought what an earlier one had: from this one on the model is told. */
  idleTurnsErrorAfter: 5,
  /** … and after so many the task ends as NoProgress. */
  idleTurnsFailAfter: 10,
  /** Quick retries of one model call within its turn; longer waits are the coordinator's. */
  modelRetriesMax: 2,
  modelRetryWaitMsMax: 5_000,
  /** The longest that one answer of a provider holds all agents of its account back. */
  providerHoldMsMax: 900_000,
  modelCallMsMax: 300_000,
  modelIdleMsMax: 60_000,
  /**
   * Others wait so long for what a call may give back of its reservation: the call and some tools after
   * it. Then its holder is taken for dead, and all of it for spent; so it is when it is dated so far ahead.
   */
  reservationMsMax: 600_000,
  /** From this share of any budget on, a task's agent is told once. */
  budgetNoticePercent: 80,
  /** Kept free at the end of an invocation for storing and telling. */
  wrapUpMs: 30_000,
  outputTokensDefault: 8_192,
  attemptsDefault: 3,
  attemptsMax: 30,
  /** P7: takeovers without progress; the sixth ends the attempt. */
  crashesMax: 6,
  commitTriesMax: 6,
  handlerThrowsMax: 3,
  eventsDefault: 2_000,
  eventsMax: 20_000,
  deadlineSecondsDefault: 3_600,
  deadlineSecondsMax: 7 * 86_400,
  /** SQS: the longest DelaySeconds. */
  delaySecondsMax: 900,
  /** SQS: the longest that a message can be hidden, 12 hours. */
  hiddenSecondsMax: 43_200,
  microUsdDefault: 1_000_000,
  microUsdMax: 10_000_000_000,
  tokensDefault: 200_000,
  tokensMax: 100_000_000,
  callsDefault: 200,
  callsMax: 10_000,
  retentionSecondsDefault: 30 * 86_400,
  waitSecondsMax: 25,
  jsonDepthMax: 32,
  pageSizeDefault: 25,
  pageSizeMax: 100,
  historyPageEventsMax: 1_000,
  /** Texts in a response: a Lambda function may answer 6 MB in all, counted after JSON escaping. */
  responseTextBytesMax: 5 * 1024 * KiB,
  responseJsonBytesMax: 5.5 * 1024 * KiB,
  artifactsMax: 50,
  /** Paths of all branches of one turn: they stand in the requester's record. */
  artifactsBytesMax: 8 * KiB,
  /** Turns that repair an answer which does not fit its agent's output schema. */
  outputRepairsMax: 2,
  pathBytesMax: 900,
  pathPartsMax: 16,
  pathPartCharactersMax: 100,
  fileBytesMax: 1024 * KiB,
  workspaceFilesMax: 1_000,
  workspaceBytesMax: 64 * 1024 * KiB,
  /** A program for the sandbox: its files, and all of them together. */
  programFilesMax: 200,
  programBytesMax: 256 * KiB,
  codeMsMax: 10_000,
  codeMemoryBytesMax: 64 * 1024 * KiB,
  codeOutputBytesMax: 64 * KiB,
  agentConcurrencyDefault: 10,
  agentConcurrencyMax: 1_000,
} as const;

/** The limits that one execution carries; an agent's own bound it beside them. */
export const ExecutionLimits = z.object({
  /** `null`: no dollar budget, because a price is unknown; tokens and calls bound the run. */
  microUsd: z.int().min(1).max(LIMITS.microUsdMax).nullable(),
  tokens: z.int().min(1).max(LIMITS.tokensMax),
  calls: z.int().min(1).max(LIMITS.callsMax),
  deadlineSeconds: z.int().min(1).max(LIMITS.deadlineSecondsMax),
  depth: z.int().min(0).max(LIMITS.depthMax),
  events: z.int().min(10).max(LIMITS.eventsMax),
});
export type ExecutionLimits = z.infer<typeof ExecutionLimits>;

export const DEFAULT_EXECUTION_LIMITS: ExecutionLimits = {
  microUsd: LIMITS.microUsdDefault,
  tokens: LIMITS.tokensDefault,
  calls: LIMITS.callsDefault,
  deadlineSeconds: LIMITS.deadlineSecondsDefault,
  depth: LIMITS.depthDefault,
  events: LIMITS.eventsDefault,
};
