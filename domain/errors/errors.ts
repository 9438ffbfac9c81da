/**
 * The product's errors. Each has a stable `code` that logs, alerts and JSON answers carry;
 * the message is for people: what failed, where, and what is allowed.
 */
export type ErrorCode = (typeof ERROR_CODES)[number];
const ERROR_CODES = [
  'VALIDATION',
  'BUSINESS_RULE',
  'NOT_FOUND',
  'CONFIGURATION',
  'STORAGE',
  'PROVIDER',
  'UNAVAILABLE',
  'COMMAND',
  'QUERY',
] as const;

export abstract class OhfError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** Also for an error of the worker's modules: the bundled command line has its own copies of the classes. */
export const isOhfError = (error: unknown): error is OhfError =>
  error instanceof OhfError ||
  (error instanceof Error && 'code' in error && ERROR_CODES.some((code) => code === error.code));

/** A rule of the product is broken: invalid input, a business rule, something that does not exist. */
export abstract class DomainError extends OhfError {}
export class ValidationError extends DomainError {
  constructor(message: string, options?: ErrorOptions) {
    super('VALIDATION', message, options);
  }
}
export class BusinessRuleError extends DomainError {
  constructor(message: string, options?: ErrorOptions) {
    super('BUSINESS_RULE', message, options);
  }
}
export class ResourceNotFoundError extends DomainError {
  constructor(message: string, options?: ErrorOptions) {
    super('NOT_FOUND', message, options);
  }
}

/** A dependency failed or is set up wrongly. */
export abstract class InfrastructureError extends OhfError {}
export class ConfigurationError extends InfrastructureError {
  constructor(message: string, options?: ErrorOptions) {
    super('CONFIGURATION', message, options);
  }
}

/** Data on disk cannot be read or written. No request depends on it: Temporal's history is the truth. */
export class StorageError extends InfrastructureError {
  constructor(message: string, options?: ErrorOptions) {
    super('STORAGE', message, options);
  }
}

/** The meaning of a cloud error; one table maps AWS's codes to these. */
export type ProviderErrorKind =
  | 'throttled'
  | 'capacity'
  | 'ambiguous'
  | 'notSent'
  | 'stale'
  | 'credentials'
  | 'permanent';

export class ProviderError extends InfrastructureError {
  readonly kind: ProviderErrorKind;
  /** The cloud's own code, e.g. `InsufficientInstanceCapacity`. */
  readonly providerCode: string;
  constructor(kind: ProviderErrorKind, providerCode: string, message: string, options?: ErrorOptions) {
    super('PROVIDER', message, options);
    this.kind = kind;
    this.providerCode = providerCode;
  }
}

/** An operation could not be done now; the same call may work later. */
export abstract class ApplicationError extends OhfError {}
export class UnavailableError extends ApplicationError {
  constructor(message: string, options?: ErrorOptions) {
    super('UNAVAILABLE', message, options);
  }
}
/** A command failed for a reason that no module below it named. */
export class CommandError extends ApplicationError {
  constructor(message: string, options?: ErrorOptions) {
    super('COMMAND', message, options);
  }
}
/** A query failed for a reason that no module below it named. */
export class QueryError extends ApplicationError {
  constructor(message: string, options?: ErrorOptions) {
    super('QUERY', message, options);
  }
}
