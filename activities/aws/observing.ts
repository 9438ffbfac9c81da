import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { ProviderError } from '../../domain/shared/errors.ts';
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
}

export const UNOBSERVED: CallObserver = { onWait() {}, onRequest() {} };

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
        const began = performance.now();
        const tell = (error?: ProviderError): void =>
          observer.onRequest({ action, attempt, seconds: (performance.now() - began) / 1_000, error });
        try {
          const answer = await next(args);
          tell();
          return answer;
        } catch (error) {
          tell(failureOf(error));
          throw error;
        }
      };
    },
    { relation: 'after', toMiddleware: 'retryMiddleware', name: 'observeRequests' },
  );
}

/** AWS answers a dry run that would have passed with an error. */
function failureOf(error: unknown): ProviderError | undefined {
  const failure = toProviderError(error);
  return failure.providerCode === 'DryRunOperation' ? undefined : failure;
}
