import { type Context, canRedraw } from "./context.ts";

/** Whoever waits longer than this wonders whether anything happens. */
const PATIENCE_MS = 300;
const ERASE_LINE = "\r\u001b[2K";

/** Says `text` on stderr when `work` takes longer than a moment; on a terminal it is gone afterwards. */
export const sayWhenSlow = async <T>(context: Context, text: string, work: () => Promise<T>): Promise<T> => {
  const { stderr } = context;
  const isErased = canRedraw(context);
  let isSaid = false;
  const timer = setTimeout(() => {
    isSaid = true;
    stderr.write(isErased ? text : `${text}\n`);
  }, PATIENCE_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
    if (isSaid && isErased) stderr.write(ERASE_LINE);
  }
};
