/** One function as the host runs it: what a stack would write into its CloudFormation resource. */
export interface FunctionSettings {
  readonly name: string;
  /** The folder of the bundle; it is the working folder of the function too. */
  readonly taskRoot: string;
  /** `<file>.<export>`, the file without `.mjs`. */
  readonly handler: string;
  /** The function's whole own environment; the host's is not inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** After this, the process group of the invocation's environment is killed. */
  readonly timeoutMs: number;
  /** Bounds the heap, so that an agent that runs out of memory runs out of its own. */
  readonly memoryMb: number;
  readonly environmentsMax: number;
  /** 1 for agents: an invocation has its process for itself. Stateless functions may share one. */
  readonly slotsPerEnvironment: number;
}

/** How many invocations of a function can run at the same time. */
export const concurrencyOf = (settings: FunctionSettings): number =>
  settings.environmentsMax * settings.slotsPerEnvironment;

/** An invocation that brought no response. `errorType` is the function's own, or one of Lambda's `Runtime.*`. */
export class FunctionError extends Error {
  override readonly name = "FunctionError";
  readonly errorType: string;
  constructor(errorType: string, message: string) {
    super(message);
    this.errorType = errorType;
  }
}
