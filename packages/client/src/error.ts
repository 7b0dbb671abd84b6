/** What the API says when it refuses. Pure. */

/** VirtualBox's result codes and their numbers. */
export const RESULT_CODES = {
  VBOX_E_OBJECT_NOT_FOUND: 0x80bb0001,
  VBOX_E_INVALID_VM_STATE: 0x80bb0002,
  VBOX_E_VM_ERROR: 0x80bb0003,
  VBOX_E_FILE_ERROR: 0x80bb0004,
  VBOX_E_IPRT_ERROR: 0x80bb0005,
  VBOX_E_PDM_ERROR: 0x80bb0006,
  VBOX_E_INVALID_OBJECT_STATE: 0x80bb0007,
  VBOX_E_HOST_ERROR: 0x80bb0008,
  VBOX_E_NOT_SUPPORTED: 0x80bb0009,
  VBOX_E_XML_ERROR: 0x80bb000a,
  VBOX_E_INVALID_SESSION_STATE: 0x80bb000b,
  VBOX_E_OBJECT_IN_USE: 0x80bb000c,
  E_INVALIDARG: 0x80070057,
  E_ACCESSDENIED: 0x80070005,
  E_FAIL: 0x80004005,
} as const;

export type ResultCode = keyof typeof RESULT_CODES;

/** The API refused a request; nothing was changed. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly status: number,
    readonly code: ResultCode,
    message: string,
    /** The request that was refused, such as `GET /machines/x`. */
    readonly request: string,
    readonly component?: string,
    readonly interfaceName?: string,
    /** Further lines for the user. */
    readonly details: readonly string[] = [],
  ) {
    super(message);
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Reads an error answer, whatever it holds. @param body the answer's bytes, at best the API's error object */
export function readError(status: number, body: string, request: string): ApiError {
  let answer: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null) answer = parsed as Record<string, unknown>;
  } catch {
    // Something else than the API answered; its status is all that is known.
  }
  const code = text(answer.code);
  const details = Array.isArray(answer.details) ? answer.details.filter((line) => typeof line === 'string') : [];
  return new ApiError(
    status,
    code !== undefined && Object.hasOwn(RESULT_CODES, code) ? (code as ResultCode) : 'E_FAIL',
    text(answer.message) ?? `the API answered ${request} with HTTP status ${status} and no reason`,
    request,
    text(answer.component),
    text(answer.interface),
    details,
  );
}
