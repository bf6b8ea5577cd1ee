/**
 * Starts making a thing at once, in Lambda's init phase, which has a whole CPU; whoever needs it waits
 * for it. A failure is not kept: the next who asks starts anew.
 */
export const warm = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    const making = make();
    made = making;
    making.catch(() => {
      if (made === making) made = undefined;
    });
    return making;
  };
  void begin();
  return () => made ?? begin();
};
