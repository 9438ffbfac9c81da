import { ApplicationFailure } from '@temporalio/activity';
import { ProviderError } from '../../domain/errors/errors.ts';

/**
 * Provider messages can be several kilobytes (e.g. AWS's encoded authorization message) and may be repeated for
 * thousands of machines, so they are truncated where they enter.
 */
export const truncateMessage = (text: string): string =>
  text.length > 200 ? `${text.slice(0, 199)}…` : text;

/** A failed read is always retryable: it proves nothing about the machines that it asked for. */
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
