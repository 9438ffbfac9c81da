import { ApplicationFailure } from '@temporalio/activity';
import { truncateMessage } from '../../runtime/failures.ts';
import { LAUNCH_REJECTED, LAUNCH_STALE } from '../../../contract/activities.ts';
import { ProviderError, type ProviderErrorKind } from '../../../domain/errors/errors.ts';

/** The one table from AWS's error codes to how they are taken. Codes as AWS documents them for EC2 and Auto Scaling. */
const CODES_BY_KIND: Readonly<Record<ProviderErrorKind, readonly string[]>> = {
  throttled: [
    'RequestLimitExceeded',
    'Throttling',
    'ThrottlingException',
    'EC2ThrottledException',
    'RequestThrottled',
    'TooManyRequests',
    'TooManyRequestsException',
    'IncorrectInstanceState',
    'ConcurrentTagAccess',
    'FleetNotInModifiableState',
    'ResourceContention',
    'ScalingActivityInProgress',
    'ResourceInUse',
  ],
  capacity: [
    'InsufficientInstanceCapacity',
    'InsufficientHostCapacity',
    'InsufficientReservedInstanceCapacity',
    'InsufficientCapacityOnHost',
    'InsufficientCapacity',
    'InsufficientReservedInstancesCapacity',
    'InvalidCapacityReservationState.PendingActivation',
    'UnfulfillableCapacity',
    // Too many instances in one call: the next launch is smaller.
    'RequestResourceCountExceeded',
    'ResourceCountExceeded',
    'InsufficientVolumeCapacity',
    'Unsupported',
    'SpotMaxPriceTooLow',
    'InsufficientFreeAddressesInSubnet',
    'InsufficientAddressCapacity',
    'PrivateIpAddressLimitExceeded',
    'ReservationCapacityExceeded',
    'LimitPriceExceeded',
    'HostLimitExceeded',
    'VcpuLimitExceeded',
    'InstanceLimitExceeded',
    'MaxSpotInstanceCountExceeded',
    'MaxFleetCountExceeded',
    'MaxSpotFleetRequestCountExceeded',
    'VolumeLimitExceeded',
    'MaxIOPSLimitExceeded',
    'NetworkInterfaceLimitExceeded',
    'AddressLimitExceeded',
    'MaxTemplateLimitExceeded',
    'MaxTemplateVersionLimitExceeded',
    'AuthFailure.ServiceLinkedRoleCreationNotPermitted',
    // Auto Scaling
    'LimitExceeded',
  ],
  ambiguous: [
    'InternalError',
    'InternalFailure',
    'ServerInternal',
    'ServiceUnavailable',
    'Unavailable',
    'RetryableError',
    'TimeoutError',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
  ],
  notSent: ['EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED'],
  stale: [
    'InvalidLaunchTemplateId.NotFound',
    'InvalidLaunchTemplateId.VersionNotFound',
    'InvalidLaunchTemplateName.NotFoundException',
  ],
  credentials: [
    'AuthFailure',
    'InvalidClientTokenId',
    'ExpiredToken',
    'ExpiredTokenException',
    'RequestExpired',
    'SignatureDoesNotMatch',
    'RequestTimeTooSkewed',
    'UnrecognizedClientException',
    'CredentialsProviderError',
    'TokenProviderError',
    'UnauthorizedOperation',
    'AccessDenied',
  ],
  permanent: [],
};

const KIND_BY_CODE = new Map(
  Object.entries(CODES_BY_KIND).flatMap(([kind, codes]) =>
    codes.map((code) => [code, kind as ProviderErrorKind] as const),
  ),
);

/** Codes that must not be retried inside the SDK: another attempt meets the same empty pool. */
export const CAPACITY_CODES: ReadonlySet<string> = new Set(CODES_BY_KIND.capacity);

/** Codes by which AWS says that the request itself is wrong; other unknown ones may pass. */
const INVALID_REQUEST_CODE =
  /^(Invalid|Missing|Unknown|Malformed|OptIn|PendingVerification|Blocked|AccountDisabled)/;

/** How a code inside an answer (e.g. a fleet's list of errors) is taken: AWS did not act for sure. */
export const kindOfCode = (code: string): ProviderErrorKind =>
  KIND_BY_CODE.get(code) ?? (INVALID_REQUEST_CODE.test(code) ? 'permanent' : 'capacity');

export function toProviderError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  if (!(error instanceof Error)) return new ProviderError('ambiguous', 'Unknown', String(error));
  const code = codeOf(error);
  return new ProviderError(kindOf(error, code), code, error.message || code, { cause: error });
}

/** The wire code is the error's name, which the SDK ends in `Fault` for Auto Scaling; socket errors carry `code`. */
function codeOf(error: Error): string {
  const { code } = error as { code?: unknown };
  const name = error.name.replace(/Fault$/, '');
  return KIND_BY_CODE.has(name) || typeof code !== 'string' ? name : code;
}

function kindOf(error: Error, code: string): ProviderErrorKind {
  const known = KIND_BY_CODE.get(code);
  if (known) return known;
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  // No status: no answer came. 2xx: it came, and could not be read. 5xx: AWS may have acted. Only a 4xx says for
  // certain that it did not.
  if (status === undefined || status < 400 || status >= 500) return 'ambiguous';
  // A proxy's answers, not AWS's.
  if (status === 407 || status === 408 || status === 429) return 'throttled';
  return UNNAMED_ERRORS.has(code) ? 'ambiguous' : 'permanent';
}

/** What the SDK calls an error whose answer names none or can't be read: something that stands before AWS spoke. */
const UNNAMED_ERRORS: ReadonlySet<string> = new Set([
  '',
  'Unknown',
  'UnknownError',
  'NotFound',
  'Error',
  'TypeError',
  'RangeError',
  'SyntaxError',
]);

/** What Temporal gets to see: retried, unless the launch can't succeed however often it is sent. */
export function toApplicationFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const provider = toProviderError(error);
  const { kind, providerCode } = provider;
  const message = truncateMessage(provider.message);
  const nonRetryable = kind === 'permanent' || kind === 'stale';
  return ApplicationFailure.create({
    type: kind === 'permanent' ? LAUNCH_REJECTED : kind === 'stale' ? LAUNCH_STALE : `Provider.${kind}`,
    message,
    nonRetryable,
    details: [providerCode],
    cause: provider,
    // A throttled call has to wait for AWS's bucket to fill: 5 calls a second for most mutating actions.
    ...(kind === 'throttled' ? { nextRetryDelay: `${2 + Math.floor(Math.random() * 4)}s` } : {}),
  });
}
