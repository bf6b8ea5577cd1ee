import { LIMITS } from "../shared/contracts/limits.ts";
import { ApiProblem } from "./problems.ts";
import { shown } from "./shown.ts";
import { parseStrictJson } from "./strict-json.ts";

/** The JSON body of a request, read strictly. Throws ApiProblem; never reads past `bodyBytesMax`. */
export const readJsonBody = async (request: Request): Promise<unknown> => {
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > LIMITS.bodyBytesMax) throw tooLarge(declared);
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length === 0) throw new ApiProblem("BODY_REQUIRED", 'send a JSON object such as {"input": "…"}');
  if (bytes.length > LIMITS.bodyBytesMax) throw tooLarge(bytes.length);
  const contentType = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(contentType)) {
    const detail = `the content type must be application/json; got ${contentType === "" ? "none" : shown(contentType)}`;
    throw new ApiProblem("UNSUPPORTED_MEDIA_TYPE", detail, { headers: { accept: "application/json" } });
  }
  return parseStrictJson(decodeUtf8(bytes));
};

const tooLarge = (bytes: number): ApiProblem =>
  new ApiProblem(
    "INPUT_TOO_LARGE",
    `the body must be at most ${LIMITS.bodyBytesMax} bytes and the input in it ${LIMITS.inputBytesMax}; got ${bytes}`,
  );

const decodeUtf8 = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ApiProblem("INVALID_JSON", "the body is not UTF-8");
  }
};
