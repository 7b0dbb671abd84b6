/** A request that makes no sense, as VirtualBox names it, and the HTTP status that fits. Pure. */
import type { ErrorCode } from '@belvedere/control';

export type ApiErrorCode = ErrorCode | 'VBOX_E_XML_ERROR' | 'VBOX_E_INVALID_OBJECT_STATE' | 'E_ACCESSDENIED' | 'E_FAIL';

/** VirtualBox's interfaces, as its own error details name them. */
export type Interface = 'IVirtualBox' | 'IMachine' | 'IMedium' | 'IVRDEServer' | 'IConsole' | 'ISystemProperties';

export const httpStatus: Readonly<Record<ApiErrorCode, number>> = {
  E_INVALIDARG: 400,
  E_ACCESSDENIED: 403,
  VBOX_E_OBJECT_NOT_FOUND: 404,
  VBOX_E_INVALID_VM_STATE: 409,
  VBOX_E_INVALID_OBJECT_STATE: 409,
  VBOX_E_OBJECT_IN_USE: 409,
  VBOX_E_FILE_ERROR: 422,
  VBOX_E_XML_ERROR: 422,
  VBOX_E_NOT_SUPPORTED: 422,
  VBOX_E_VM_ERROR: 500,
  VBOX_E_HOST_ERROR: 500,
  E_FAIL: 500,
};

/** Says what is wrong and what to do about it. Turned into HTTP at the edge only. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly code: ApiErrorCode,
    message: string,
    options?: ErrorOptions & { readonly interface?: Interface },
  ) {
    super(message, options);
    this.interface = options?.interface;
  }
  readonly interface: Interface | undefined;
}

export const invalid = (message: string, options?: ErrorOptions): ApiError => new ApiError('E_INVALIDARG', message, options);
export const notFound = (message: string, of: Interface = 'IVirtualBox'): ApiError => new ApiError('VBOX_E_OBJECT_NOT_FOUND', message, { interface: of });
export const unsupported = (message: string): ApiError => new ApiError('VBOX_E_NOT_SUPPORTED', message);
export const inUse = (message: string): ApiError => new ApiError('VBOX_E_OBJECT_IN_USE', message);
export const fileError = (message: string, cause?: unknown): ApiError => new ApiError('VBOX_E_FILE_ERROR', message, { cause });
export const hostError = (message: string, cause?: unknown): ApiError => new ApiError('VBOX_E_HOST_ERROR', message, { cause });

/** The text of anything thrown, with the texts of its causes. */
export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${textOf(error.cause)}`;
}
