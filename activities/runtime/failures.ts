import { ApplicationFailure } from '@temporalio/activity';
import { ProviderError } from '../../domain/errors/errors.ts';

/**
 * A cloud's texts can be kilobytes (e.g. AWS's encoded authorization message), and one may stand beside each of
 * thousands of machines: cut where they come in.
 */
export const truncateMessage = (text: string): string =>
  text.length > 200 ? `${text.slice(0, 199)}…` : text;

/** A read that failed is always worth another: it says nothing of what was asked about. */
export function toReadFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return ApplicationFailure.create({
    type: 'Provider.unreadable',
    message: truncateMessage(message || name),
    details: [error instanceof ProviderError ? error.providerCode : name],
    nonRetryable: false,
  });
}
