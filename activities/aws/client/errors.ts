import { ApplicationFailure } from '@temporalio/activity';
import { truncateMessage } from '../../runtime/failures.ts';
import { LAUNCH_REJECTED, LAUNCH_STALE } from '../../../contract/activities.ts';
import { ProviderError, type ProviderErrorKind } from '../../../domain/errors/errors.ts';

/** What a call reports that launched fewer machines than asked without naming an error. */
export const INSUFFICIENT_CAPACITY_CODE = 'InsufficientInstanceCapacity';
/** The SDK's name for credentials that it cannot read. */
export const UNREADABLE_CREDENTIALS_CODE = 'CredentialsProviderError';

/** The only table from AWS error codes to their meaning; codes as AWS documents them for EC2 and Auto Scaling. */
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
    INSUFFICIENT_CAPACITY_CODE,
    'InsufficientHostCapacity',
    'InsufficientReservedInstanceCapacity',
    'InsufficientCapacityOnHost',
    'InsufficientCapacity',
    'InsufficientReservedInstancesCapacity',
    'InvalidCapacityReservationState.PendingActivation',
    'UnfulfillableCapacity',
    // Too many instances in one call; the next launch is smaller.
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
    UNREADABLE_CREDENTIALS_CODE,
    'TokenProviderError',
    'UnauthorizedOperation',
    'AccessDenied',
  ],
  permanent: [],
};

/**
 * Conditions that single calls react to, beside the kind of their code. `groupMissing` may also mean another invalid
 * input, so the caller reads the group. `machineRefused`: AWS terminates none of the call's machines.
 */
const CODES_BY_CONDITION = {
  notFound: [
    'InvalidInstanceID.NotFound',
    'InvalidFleetId.NotFound',
    'InvalidSpotFleetRequestId.NotFound',
    'InvalidLaunchTemplateName.NotFoundException',
  ],
  alreadyExists: ['AlreadyExists', 'InvalidLaunchTemplateName.AlreadyExistsException'],
  unauthorized: ['UnauthorizedOperation', 'AccessDenied'],
  dryRunPassed: ['DryRunOperation'],
  /** AWS remembers the token with other parameters, which an earlier run of the workflow sent. */
  tokenMismatch: ['IdempotentParameterMismatch'],
  /** All machines of the token have been terminated. */
  tokenSpent: ['IdempotentInstanceTerminated'],
  machineRefused: ['OperationNotPermitted', 'UnsupportedOperation'],
  /** The zone does not offer the type. */
  notOffered: ['Unsupported'],
  /** The fleet does not exist or was already deleted or cancelled. */
  fleetInactive: [
    'fleetIdDoesNotExist',
    'fleetNotInDeletableState',
    'fleetRequestIdDoesNotExist',
    'fleetRequestNotInCancellableState',
  ],
  /** A change to an Auto Scaling group that does not exist or is being deleted. */
  groupMissing: ['ValidationError', 'ScalingActivityInProgress', 'ResourceInUse'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type AwsCondition = keyof typeof CODES_BY_CONDITION;

/** @param code an AWS error code, e.g. from a fleet's list of errors */
export function isAwsCode(code: unknown, condition: AwsCondition): boolean {
  const codes: readonly unknown[] = CODES_BY_CONDITION[condition];
  return codes.includes(code);
}

/** @param error as the SDK, `toProviderError` or `toReadFailure` made it */
export const isAwsError = (error: unknown, condition: AwsCondition): boolean =>
  isAwsCode(
    error instanceof ApplicationFailure ? error.details?.[0] : toProviderError(error).providerCode,
    condition,
  );

const KIND_BY_CODE = new Map(
  Object.entries(CODES_BY_KIND).flatMap(([kind, codes]) =>
    codes.map((code) => [code, kind as ProviderErrorKind] as const),
  ),
);

/** Codes that the SDK must not retry: another attempt finds the same lack of capacity. */
export const CAPACITY_CODES: ReadonlySet<string> = new Set(CODES_BY_KIND.capacity);

/** Codes that mean an invalid request; any other unknown code may pass. */
const INVALID_REQUEST_CODE =
  /^(Invalid|Missing|Unknown|Malformed|OptIn|PendingVerification|Blocked|AccountDisabled)/;

/** The meaning of a code inside a response (e.g. in a fleet's error list): AWS certainly did not act. */
export const kindOfCode = (code: string): ProviderErrorKind =>
  KIND_BY_CODE.get(code) ?? (INVALID_REQUEST_CODE.test(code) ? 'permanent' : 'capacity');

export function toProviderError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  if (!(error instanceof Error)) return new ProviderError('ambiguous', 'Unknown', String(error));
  const code = codeOf(error);
  const message = foreignAnswer(error) ?? (error.message || code);
  return new ProviderError(kindOf(error, code), code, message, { cause: error });
}

/** What the SDK keeps of the response behind an error. */
interface HiddenResponse {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Names the answer of a proxy or gateway, which the SDK reports as a text that it could not parse. */
function foreignAnswer(error: Error): string | undefined {
  const { statusCode, headers = {} } = (error as { readonly $response?: HiddenResponse }).$response ?? {};
  const type = headers['content-type'];
  // AWS answers in XML or JSON.
  if (statusCode === undefined || type === undefined || /xml|json/.test(type)) return undefined;
  const server = headers['server'] ?? headers['via'];
  const who = server === undefined ? '' : ` by '${truncateMessage(server)}'`;
  return (
    `the answer is not from AWS: HTTP ${statusCode} with ${type.split(';')[0]}${who}. ` +
    "A proxy or gateway between the worker and AWS has answered: check the proxy settings and the site's firewall"
  );
}

/** The wire code is the error's name (with `Fault` appended for Auto Scaling); socket errors have `code`. */
function codeOf(error: Error): string {
  const { code } = error as { code?: unknown };
  const name = error.name.replace(/Fault$/, '');
  return KIND_BY_CODE.has(name) || typeof code !== 'string' ? name : code;
}

function kindOf(error: Error, code: string): ProviderErrorKind {
  const known = KIND_BY_CODE.get(code);
  if (known) return known;
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  // No status: no response arrived. 2xx: unreadable response. 5xx: AWS may have acted. Only a 4xx proves that it did
  // not.
  if (status === undefined || status < 400 || status >= 500) return 'ambiguous';
  // These come from a proxy, not from AWS.
  if (status === 407 || status === 408 || status === 429) return 'throttled';
  return UNNAMED_ERRORS.has(code) ? 'ambiguous' : 'permanent';
}

/** Names that the SDK gives to errors without a readable code: something in front of AWS answered. */
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

/**
 * Auto Scaling has no specific code for a missing launch template: "You must use a valid fully-formed launch
 * template. ", and then EC2's message.
 */
export function toAutoScalingError(error: unknown): ProviderError {
  const failure = toProviderError(error);
  const { providerCode, message } = failure;
  const isTemplateMissing =
    providerCode === 'ValidationError' &&
    /launch template, with template ID \S+, does not exist/.test(message);
  return isTemplateMissing ? new ProviderError('stale', providerCode, message) : failure;
}

/** What Temporal sees: retryable unless repeating the launch can never succeed. */
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
    // Wait until AWS's token bucket refills: 5 calls a second for most mutating actions.
    ...(kind === 'throttled' ? { nextRetryDelay: `${2 + Math.floor(Math.random() * 4)}s` } : {}),
  });
}
