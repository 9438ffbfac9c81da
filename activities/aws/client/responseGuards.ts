import type { MachineState } from '../../../domain/machine/machine.ts';
import { ProviderError } from '../../../domain/errors/errors.ts';

/*
 * What a response must contain to be trusted. A proxy's login page with status 200 parses as an empty response, and so
 * does a truncated one; neither says what AWS did or has.
 */

const INSTANCE_ID = /^i-([0-9a-f]{8}|[0-9a-f]{17})$/;

export const isInstanceId = (text: string): boolean => INSTANCE_ID.test(text);

/** @throws ProviderError (ambiguous, like a lost response) if the value is missing */
export function requireField<T>(value: T | null | undefined | '', what: string): T {
  if (value === undefined || value === null || value === '') throw incompleteResponse(`no ${what}`);
  return value;
}

/** @throws ProviderError likewise: an invalid id would fail every later call that names it */
export function requireInstanceId(value: string | undefined): string {
  const id = requireField(value, 'id of an instance');
  if (!isInstanceId(id)) throw incompleteResponse('an invalid instance id');
  return id;
}

/** The error for a response that cannot be trusted. */
export const incompleteResponse = (what: string): ProviderError =>
  new ProviderError('ambiguous', 'IncompleteResponse', `The response from AWS has ${what}.`);

const STATES: readonly MachineState[] = [
  'pending',
  'running',
  'stopping',
  'stopped',
  'shutting-down',
  'terminated',
];

/** A state that AWS may add later proves only that the machine exists. */
export const parseInstanceState = (name: string | undefined): MachineState =>
  STATES.find((state) => state === name) ?? 'pending';

interface Page {
  readonly NextToken?: string | undefined;
  /** The name in `InstancePage`. */
  readonly nextToken?: string | undefined;
}

/** Reads all pages. @throws ProviderError if AWS returns the same token twice, which would loop forever */
export async function* paginate<T extends Page>(
  read: (token: string | undefined) => Promise<T>,
): AsyncGenerator<T> {
  let token: string | undefined;
  do {
    const page = await read(token);
    yield page;
    const next = page.nextToken ?? page.NextToken;
    if (next && next === token) throw incompleteResponse('the same next page twice in a row');
    token = next;
  } while (token);
}
