/**
 * The product's errors. Each has a stable `code` that logs, alerts and JSON answers carry;
 * the message is for people and says what, where and what is allowed.
 */
export type ErrorCode =
  | 'VALIDATION'
  | 'BUSINESS_RULE'
  | 'NOT_FOUND'
  | 'CONFIGURATION'
  | 'STORAGE'
  | 'PROVIDER'
  | 'UNAVAILABLE';

export abstract class OhfError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** Broken rules of the product itself: bad input, a rule of the business, something that does not exist. */
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

/** Something that we stand on failed or is set up wrongly. */
export abstract class InfrastructureError extends OhfError {}
export class ConfigurationError extends InfrastructureError {
  constructor(message: string, options?: ErrorOptions) {
    super('CONFIGURATION', message, options);
  }
}

/** What is kept on disk cannot be read or written. Temporal's history is the truth: no request depends on it. */
export class StorageError extends InfrastructureError {
  constructor(message: string, options?: ErrorOptions) {
    super('STORAGE', message, options);
  }
}

/** How an answer of the cloud is to be taken; one table maps AWS's codes to these. */
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
