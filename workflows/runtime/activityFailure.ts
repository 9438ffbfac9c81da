import { ActivityFailure, ApplicationFailure, TemporalFailure } from '@temporalio/workflow';
import type { Shortage } from '../../domain/request/launch.ts';

/** An activity's failure for operators: the cloud's code and message, else Temporal's reason. */
export function shortageFromFailure(error: unknown): Shortage {
  const failure = applicationFailure(error);
  if (failure) {
    const [code] = failure.details ?? [];
    return {
      offering: '',
      code: typeof code === 'string' ? code : (failure.type ?? 'Error'),
      message: failure.message,
    };
  }
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof Error
    ? { offering: '', code: cause.name, message: cause.message }
    : { offering: '', code: 'Error', message: String(cause) };
}

export const hasFailureType = (error: unknown, type: string): boolean =>
  applicationFailure(error)?.type === type;

/** The failure that the activity itself threw; for a timeout, that of its last attempt. */
function applicationFailure(error: unknown): ApplicationFailure | undefined {
  let cause = error;
  while (cause instanceof TemporalFailure && !(cause instanceof ApplicationFailure)) cause = cause.cause;
  return cause instanceof ApplicationFailure ? cause : undefined;
}
