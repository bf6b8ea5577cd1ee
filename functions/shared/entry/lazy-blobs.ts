import type { Blobs } from "../ports/blobs.ts";

/** Most executions hold no large text; the S3 client is loaded by the first that does. */
export const lazyS3Blobs = (config: { readonly bucket: string; readonly s3PathStyle: boolean }): Blobs => {
  let loading: Promise<Blobs> | undefined;
  const load = async (): Promise<Blobs> => {
    const { createS3Blobs } = await import("../adapters/s3-blobs.ts");
    return createS3Blobs({ bucket: config.bucket, pathStyle: config.s3PathStyle });
  };
  const loaded = (): Promise<Blobs> => {
    loading ??= load();
    return loading;
  };
  return {
    put: async (executionId, text) => await (await loaded()).put(executionId, text),
    get: async (blob) => await (await loaded()).get(blob),
  };
};
