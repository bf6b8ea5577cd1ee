import type { Sandbox } from "../ports/sandbox.ts";

/** Most agents never run code, and most tasks of those that may do not; the first that does loads the client. */
export const lazyLambdaSandbox = (functionName: string): Sandbox => {
  let loading: Promise<Sandbox> | undefined;
  const load = async (): Promise<Sandbox> => {
    const { createLambdaSandbox } = await import("../adapters/lambda-sandbox.ts");
    return createLambdaSandbox(functionName);
  };
  return {
    run: async (program, signal) => {
      loading ??= load();
      return await (await loading).run(program, signal);
    },
  };
};
