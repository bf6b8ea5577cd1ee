import type { ExecutionView } from "../../functions/shared/contracts/api.ts";
import type { QuestionView } from "../../functions/shared/contracts/question.ts";
import type { ApiClient } from "./api-client.ts";
import { askPerson } from "./ask-person.ts";
import type { Prompt } from "./context.ts";
import { CliError } from "./errors.ts";
import { giveAnswer } from "./give-answer.ts";
import type { Paint } from "./view/paint.ts";
import { answerCommands, questionLines } from "./view/question-lines.ts";

//   Q1. Each question is shown once, in the order in which it was asked, and one at a time.
//   Q2. Progress stands still while a person is asked.
//   Q3. A question that is closed or answered elsewhere is not asked any longer.

export interface DeskOptions {
  readonly api: ApiClient;
  /** Absent where nobody can be asked: then it is said how to answer. */
  readonly prompt: Prompt | undefined;
  readonly paint: Paint;
  readonly progress: {
    note(text: string): void;
    hold(): void;
    release(): void;
  };
}

/** Where the open questions of one execution come to the person who watches it. */
export class QuestionDesk {
  readonly #options: DeskOptions;
  readonly #open = new Map<number, AbortController>();
  readonly #seen = new Set<number>();
  #last: Promise<void> = Promise.resolve();

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  view({ executionId, questions = [] }: ExecutionView): void {
    for (const [task, controller] of this.#open) {
      if (!questions.some((question) => question.task === task)) controller.abort();
    }
    for (const question of questions) {
      if (this.#seen.has(question.task)) continue;
      this.#seen.add(question.task);
      const controller = new AbortController();
      this.#open.set(question.task, controller);
      this.#last = this.#last
        .then(() => this.#bring(executionId, question, controller.signal))
        .finally(() => this.#open.delete(question.task));
    }
  }

  /** Asks nothing any longer. */
  async close(): Promise<void> {
    for (const controller of this.#open.values()) controller.abort();
    await this.#last;
  }

  async #bring(id: string, question: QuestionView, signal: AbortSignal): Promise<void> {
    const { prompt, progress, paint } = this.#options;
    if (signal.aborted) return;
    if (prompt === undefined) {
      progress.note(this.#told(id, question).join("\n"));
      return;
    }
    progress.hold();
    try {
      const whole = await this.#whole(id, question);
      progress.note(questionLines(whole, paint).join("\n"));
      const answer = await askPerson(whole, prompt, signal);
      if (answer !== undefined) await giveAnswer(this.#options.api, id, question.task, answer);
      else if (!signal.aborted) progress.note(this.#howTo(id, question).join("\n"));
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      progress.note(`not answered: ${error.message}`);
    } finally {
      progress.release();
    }
  }

  #told(id: string, question: QuestionView): string[] {
    return [...questionLines(question, this.#options.paint), ...this.#howTo(id, question)];
  }

  #howTo(id: string, question: QuestionView): string[] {
    return answerCommands(question, `${id} ${question.task} --api ${this.#options.api.url}`);
  }

  /** Nobody is to approve what they have seen only the beginning of. */
  async #whole(id: string, question: QuestionView): Promise<QuestionView> {
    const { questionBytes, contextBytes, inputBytes } = question;
    if ((questionBytes ?? contextBytes ?? inputBytes) === undefined) return question;
    return (await this.#options.api.task(id, question.task)).question ?? question;
  }
}
