import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { createAwsClients } from '../../../activities/aws/client/clients.ts';
import { toApplicationFailure, toProviderError } from '../../../activities/aws/client/errors.ts';
import type { ProviderErrorKind } from '../../../domain/errors/errors.ts';

/** AWS's error codes with their HTTP status (0: no answer), by the reaction of the product. */
const EXPECTED: Readonly<Record<ProviderErrorKind, Readonly<Record<number, string>>>> = {
  throttled: {
    503: 'RequestLimitExceeded EC2ThrottledException',
    400: 'Throttling ThrottlingException RequestThrottled TooManyRequests IncorrectInstanceState ConcurrentTagAccess FleetNotInModifiableState ScalingActivityInProgress ResourceInUse ResourceInUseFault',
    429: 'TooManyRequestsException',
    500: 'ResourceContention',
  },
  capacity: {
    500: 'InsufficientInstanceCapacity InsufficientHostCapacity InsufficientReservedInstanceCapacity InsufficientCapacityOnHost',
    400:
      'UnfulfillableCapacity InsufficientVolumeCapacity Unsupported SpotMaxPriceTooLow LimitPriceExceeded ' +
      'InsufficientFreeAddressesInSubnet InsufficientAddressCapacity PrivateIpAddressLimitExceeded ' +
      'ReservationCapacityExceeded InsufficientReservedInstancesCapacity InvalidCapacityReservationState.PendingActivation ' +
      'VcpuLimitExceeded InstanceLimitExceeded MaxSpotInstanceCountExceeded HostLimitExceeded ' +
      'MaxFleetCountExceeded MaxSpotFleetRequestCountExceeded VolumeLimitExceeded MaxIOPSLimitExceeded ' +
      'NetworkInterfaceLimitExceeded AddressLimitExceeded MaxTemplateLimitExceeded MaxTemplateVersionLimitExceeded ' +
      'AuthFailure.ServiceLinkedRoleCreationNotPermitted RequestResourceCountExceeded ResourceCountExceeded LimitExceeded',
  },
  ambiguous: {
    500: 'InternalError InternalFailure ServerInternal RetryableError ServiceLinkedRoleFailure SomethingNew',
    503: 'ServiceUnavailable Unavailable',
    200: 'Error',
    302: 'Unknown',
    403: 'Unknown Error',
    404: 'NotFound',
    0: 'TimeoutError ECONNRESET EPIPE ETIMEDOUT SomethingNew',
  },
  notSent: { 0: 'EHOSTUNREACH ENETUNREACH ENOTFOUND EAI_AGAIN ECONNREFUSED' },
  stale: {
    400: 'InvalidLaunchTemplateId.NotFound InvalidLaunchTemplateId.VersionNotFound InvalidLaunchTemplateName.NotFoundException',
  },
  credentials: {
    400: 'RequestExpired ExpiredToken ExpiredTokenException RequestTimeTooSkewed',
    401: 'AuthFailure',
    403: 'UnauthorizedOperation AccessDenied InvalidClientTokenId SignatureDoesNotMatch UnrecognizedClientException',
    0: 'CredentialsProviderError TokenProviderError',
  },
  permanent: {
    400:
      'InvalidAMIID.NotFound InvalidAMIID.Malformed InvalidAMIID.Unavailable InvalidSnapshot.NotFound InvalidSubnetID.NotFound ' +
      'InvalidSubnet InvalidGroup.NotFound InvalidKeyPair.NotFound InvalidParameterValue InvalidPlacementGroup.Unknown ' +
      'InvalidParameterCombination MissingParameter UnknownParameter InvalidUserData.Malformed InvalidBlockDeviceMapping ' +
      'UnsupportedOperation TagPolicyViolation TagLimitExceeded InvalidInput IdempotentParameterMismatch OperationNotPermitted ' +
      'PendingVerification Blocked OptInRequired AccountDisabled ValidationError AlreadyExists SomethingNew',
  },
};

const errorOf = (code: string, status: number): Error =>
  Object.assign(new Error(`${code} happened`), {
    name: code,
    $metadata: status === 0 ? {} : { httpStatusCode: status },
  });

describe("AWS's error codes", () => {
  for (const [kind, byStatus] of Object.entries(EXPECTED)) {
    it(`AWS error codes of kind ${kind} are recognized`, () => {
      for (const [status, codes] of Object.entries(byStatus)) {
        for (const code of codes.split(' ')) {
          assert.equal(toProviderError(errorOf(code, Number(status))).kind, kind, `${code} with ${status}`);
        }
      }
    });
  }

  it('an error ends the retries of a launch only if it can never succeed', () => {
    for (const [kind, byStatus] of Object.entries(EXPECTED)) {
      const [status = '', codes = ''] = Object.entries(byStatus)[0] ?? [];
      const { nonRetryable } = toApplicationFailure(errorOf(codes.split(' ')[0] ?? '', Number(status)));
      assert.equal(nonRetryable, kind === 'permanent' || kind === 'stale', kind);
    }
  });

  it('the answer of a proxy is named with its status, type and server, and stays ambiguous', async () => {
    const server = createServer((_, response) => {
      response.writeHead(403, { 'content-type': 'text/html; charset=utf-8', server: 'squid/6.1' });
      response.end('<html><body>Access denied</body></html>');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    process.env['AWS_ACCESS_KEY_ID'] ??= 'simulated';
    process.env['AWS_SECRET_ACCESS_KEY'] ??= 'simulated';
    const aws = createAwsClients({
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${port}`,
      requestShare: 1,
    });
    try {
      const error: unknown = await aws.autoScaling
        .send(new DescribeAutoScalingGroupsCommand({}))
        .catch((cause: unknown) => cause);
      const { kind, message } = toProviderError(error);
      assert.equal(kind, 'ambiguous');
      assert.match(
        message,
        /^the answer is not from AWS: HTTP 403 with text\/html by 'squid\/6\.1'\. A proxy/,
      );
    } finally {
      aws.destroy();
      server.close();
      server.closeAllConnections();
    }
  });
});
