import { type MessagePort, parentPort } from "node:worker_threads";
import type { Program } from "../shared/contracts/sandbox.ts";
import { runOnMachine } from "./machine.ts";
import { limitOutput, type OutputPiece } from "./output-limit.ts";
import type { ProgramReport } from "./program-report.ts";

/** What a thread says: that the program begins, what the program prints, and last how it ended. */
export type ThreadMessage =
  | { readonly type: "started" }
  | ({ readonly type: "printed" } & OutputPiece)
  | { readonly type: "ended"; readonly report: ProgramReport };

/** A thread for one program: `program-runner.ts` starts it, gives it the program, and ends it. */
const serve = (port: MessagePort): void => {
  const say = (message: ThreadMessage): void => port.postMessage(message);
  port.once("message", async ({ program, limitMs }: { program: Program; limitMs: number }) => {
    const begin = (): void => say({ type: "started" });
    const print = limitOutput((piece) => say({ type: "printed", ...piece }));
    say({ type: "ended", report: await runOnMachine(program, { print, begin, limitMs }) });
  });
};

if (parentPort !== null) serve(parentPort);
