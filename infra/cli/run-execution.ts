import type { ExecutionView, StartExecutionBody } from "../../functions/shared/contracts/api.ts";
import { type Context, canRedraw, INTERRUPTED } from "./context.ts";
import { followExecution, type Watcher } from "./follow-execution.ts";
import type { Opened } from "./open-api.ts";
import { QuestionDesk } from "./question-desk.ts";
import { failureText } from "./view/event-teller.ts";
import { bytesText } from "./view/format.ts";
import { LiveProgress } from "./view/live-progress.ts";
import { paintFor } from "./view/paint.ts";
import { PlainProgress } from "./view/plain-progress.ts";
import { proseFor, writeJson } from "./write.ts";

/**
 * Starts an execution and shows it on stderr until it has ended. The first Ctrl-C stops the
 * execution and waits for its end, the second leaves at once; while a person is asked something it
 * leaves that question open, and the execution goes on.
 */
export const runExecution = async (
  { api, scripted, dataDir, hostLog }: Opened,
  body: StartExecutionBody,
  context: Context,
): Promise<ExecutionView> => {
  const note = (text: string): unknown => context.stderr.write(`${text}\n`);
  const { executionId } = await api.start(body);
  note(`execution ${executionId}, ${dataDir === undefined ? `at ${api.url}` : `kept in ${dataDir}`}`);
  if (scripted) note(paintFor(context.stderr)("yellow", SCRIPTED_NOTE));

  const progress = createProgress(context);
  hostLog?.redirect((line) => progress.note(line));
  const unsubscribe = context.onInterrupt((count) => {
    if (count > 1) context.exit(INTERRUPTED);
    // When this fails the execution ends by its deadline, or by the second Ctrl-C.
    api.stop(executionId).catch(() => undefined);
  });
  const desk = new QuestionDesk({
    api,
    progress,
    prompt: canRedraw(context) ? context.prompt : undefined,
    paint: paintFor(context.stderr),
  });
  const watcher: Watcher = {
    event: (event, calls) => progress.event(event, calls),
    view: (view, calls) => {
      progress.view(view, calls);
      desk.view(view);
    },
  };
  try {
    return await followExecution(api, executionId, watcher);
  } finally {
    unsubscribe();
    await desk.close();
    progress.end();
    hostLog?.redirect(note);
  }
};

export const SCRIPTED_NOTE =
  "answers are scripted: no model is asked and nothing is paid;\nset ANTHROPIC_API_KEY to use a real model";

const createProgress = (context: Context): LiveProgress | PlainProgress =>
  canRedraw(context)
    ? new LiveProgress(context.stderr)
    : new PlainProgress((line) => context.stderr.write(`${line}\n`), Date.now);

/** The answer, or why there is none: text on stdout, or the whole view as JSON. Gives the exit code. */
export const showOutcome = (view: ExecutionView, context: Context, json: boolean): number => {
  const { stdout, stderr } = context;
  if (json) writeJson(stdout, view);
  else if (view.output !== undefined) stdout.write(`${proseFor(stdout, view.output)}\n`);
  if (view.outputBytes !== undefined) {
    stderr.write(`only the beginning is shown: the whole answer has ${bytesText(view.outputBytes)}\n`);
  }
  if (view.failure !== undefined) stderr.write(`${failureText(view.failure)}\n`);
  return view.status === "SUCCEEDED" ? 0 : 1;
};
