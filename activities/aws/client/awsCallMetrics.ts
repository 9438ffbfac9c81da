import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { ProviderError } from '../../../domain/errors/errors.ts';
import { toProviderError } from './errors.ts';

/** Hears of every request to AWS; the worker makes its metrics of it. */
export interface CallObserver {
  /** A call had to wait for its action's bucket; 0 for most. */
  readonly onWait: (action: string, seconds: number) => void;
  /** One request went out and was answered, or failed. */
  readonly onRequest: (request: ObservedRequest) => void;
}

export interface ObservedRequest {
  readonly action: string;
  /** From 1; the SDK repeats a read that failed. */
  readonly attempt: number;
  readonly seconds: number;
  readonly error: ProviderError | undefined;
  /** AWS's id of it, which CloudTrail shows as requestID; missing when nothing was answered. */
  readonly awsRequestId?: string;
  readonly subject?: CallSubject;
}

/** What a call is about, as far as its input says. */
export interface CallSubject {
  readonly machineIds?: readonly string[];
  readonly clientToken?: string;
  readonly dryRun?: true;
}

export const NO_OBSERVER: CallObserver = { onWait() {}, onRequest() {} };

/** `RunInstancesCommand` -> `RunInstances`. */
export const actionOf = (commandName = ''): string => commandName.replace(/Command$/, '');

/** Inside the SDK's own retries, so that each of them is seen, also the throttled one before a success. */
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
        const report = (answer: unknown, error?: ProviderError): void => {
          const seconds = (performance.now() - startedAt) / 1_000;
          const subject = subjectOf(args);
          observer.onRequest({ action, attempt, seconds, error, subject, ...requestIdOf(answer) });
        };
        try {
          const answer = await next(args);
          report(propertyOf(answer, 'output'));
          return answer;
        } catch (error) {
          report(error, failureUnlessDryRunPassed(error));
          throw error;
        }
      };
    },
    { relation: 'after', toMiddleware: 'retryMiddleware', name: 'observeRequests' },
  );
}

/** AWS answers a dry run that would have passed with an error. */
function failureUnlessDryRunPassed(error: unknown): ProviderError | undefined {
  const failure = toProviderError(error);
  return failure.providerCode === 'DryRunOperation' ? undefined : failure;
}

const propertyOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;

/** The SDK keeps it beside each answer and each error. */
function requestIdOf(answer: unknown): { readonly awsRequestId?: string } {
  const id = propertyOf(propertyOf(answer, '$metadata'), 'requestId');
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
