/** An answer in the API's error shape. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly type: string;
  constructor(status: number, type: string, message: string) {
    super(message);
    this.status = status;
    this.type = type;
  }
}

export const invalidRequest = (message: string): ApiError =>
  new ApiError(400, "invalid_request_error", message);

/** `where` as a path into the request, such as `messages.1.content.0`. */
export const requireThat = (condition: boolean, where: string, problem: string): void => {
  if (!condition) throw invalidRequest(`${where}: ${problem}`);
};

export const errorBody = (type: string, message: string, requestId: string): string =>
  JSON.stringify({ type: "error", error: { type, message }, request_id: requestId });
