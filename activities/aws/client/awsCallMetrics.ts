import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { ProviderError } from '../../../domain/errors/errors.ts';
import { isAwsError, toProviderError } from './errors.ts';

/** Receives every request to AWS, for metrics and the call log. */
export interface CallObserver {
  /** @param seconds that the call waited for its rate limit; 0 for most */
  readonly onWait: (action: string, seconds: number) => void;
  /** Called after each response or failure of a request. */
  readonly onRequest: (request: ObservedRequest) => void;
}

export interface ObservedRequest {
  readonly action: string;
  /** From 1; counts the SDK's retries. */
  readonly attempt: number;
  readonly seconds: number;
  readonly error: ProviderError | undefined;
  /** AWS's id of the request, which CloudTrail shows as requestID; missing if no response arrived. */
  readonly awsRequestId?: string;
  readonly subject?: CallSubject;
}

/** What the input of a call names. */
export interface CallSubject {
  readonly machineIds?: readonly string[];
  readonly clientToken?: string;
  readonly dryRun?: true;
}

export const NO_OBSERVER: CallObserver = { onWait() {}, onRequest() {} };

/** `RunInstancesCommand` -> `RunInstances`. */
export const actionOf = (commandName = ''): string => commandName.replace(/Command$/, '');

/** Installed inside the SDK's retries, so that each attempt is observed, including a throttled one before a success. */
export function observeRequests(
  client: EC2Client | AutoScalingClient | SQSClient,
  observer: CallObserver,
): void {
  // The clients' stacks have no common type.
  const stack = client.middlewareStack as EC2Client['middlewareStack'];
  stack.addRelativeTo(
    <A, R>(next: (args: A) => Promise<R>, context: { readonly commandName?: string }) => {
      const action = actionOf(context.commandName);
      let attempt = 0;
      return async (args: A): Promise<R> => {
        attempt += 1;
        const startedAt = performance.now();
        const report = (response: unknown, error?: ProviderError): void => {
          const seconds = (performance.now() - startedAt) / 1_000;
          const subject = subjectOf(args);
          observer.onRequest({ action, attempt, seconds, error, subject, ...requestIdOf(response) });
        };
        try {
          const response = await next(args);
          report(propertyOf(response, 'output'));
          return response;
        } catch (error) {
          report(error, failureUnlessDryRunPassed(error));
          throw error;
        }
      };
    },
    { relation: 'after', toMiddleware: 'retryMiddleware', name: 'observeRequests' },
  );
}

/** AWS answers a successful dry run with an error. */
function failureUnlessDryRunPassed(error: unknown): ProviderError | undefined {
  const failure = toProviderError(error);
  return isAwsError(failure, 'dryRunPassed') ? undefined : failure;
}

const propertyOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;

/** The SDK stores it on each response and error. */
function requestIdOf(response: unknown): { readonly awsRequestId?: string } {
  const id = propertyOf(propertyOf(response, '$metadata'), 'requestId');
  return typeof id === 'string' ? { awsRequestId: id } : {};
}

function subjectOf(args: unknown): CallSubject {
  const input = propertyOf(args, 'input');
  const [ids, token] = [propertyOf(input, 'InstanceIds'), propertyOf(input, 'ClientToken')];
  return {
    ...(Array.isArray(ids) ? { machineIds: ids.map(String) } : {}),
    ...(typeof token === 'string' ? { clientToken: token } : {}),
    ...(propertyOf(input, 'DryRun') === true ? { dryRun: true } : {}),
  };
}
