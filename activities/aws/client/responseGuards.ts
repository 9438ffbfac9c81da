import type { MachineState } from '../../../domain/machine/machine.ts';
import { ProviderError } from '../../../domain/errors/errors.ts';

/*
 * What an answer of AWS must hold to be believed. A proxy's sign-in page of status 200 parses as an answer without
 * anything in it, and so does one that was cut at an element: such a one says nothing of what AWS did or has.
 */

const INSTANCE_ID = /^i-([0-9a-f]{8}|[0-9a-f]{17})$/;

export const isInstanceId = (text: string): boolean => INSTANCE_ID.test(text);

/** @throws ProviderError, taken like an answer that was lost, when the answer lacks it */
export function requireField<T>(value: T | null | undefined | '', what: string): T {
  if (value === undefined || value === null || value === '') throw incompleteResponse(`no ${what}`);
  return value;
}

/** @throws ProviderError, likewise: whatever is no id would spoil every later call that names it */
export function requireInstanceId(value: string | undefined): string {
  const id = requireField(value, 'id of an instance');
  if (!isInstanceId(id)) throw incompleteResponse('an id of an instance that is none');
  return id;
}

/** To be thrown: an answer that cannot be believed. */
export const incompleteResponse = (what: string): ProviderError =>
  new ProviderError('ambiguous', 'IncompleteResponse', `The answer of AWS has ${what}.`);

const STATES: readonly MachineState[] = [
  'pending',
  'running',
  'stopping',
  'stopped',
  'shutting-down',
  'terminated',
];

/** A state that AWS may add one day decides nothing: the machine exists, and more is not known of it. */
export const parseInstanceState = (name: string | undefined): MachineState =>
  STATES.find((state) => state === name) ?? 'pending';

interface Page {
  readonly NextToken?: string | undefined;
  /** As our own reader names it. */
  readonly nextToken?: string | undefined;
}

/** Pages until there is none left. @throws ProviderError when AWS names the same next page for ever */
export async function* paginate<T extends Page>(
  read: (token: string | undefined) => Promise<T>,
): AsyncGenerator<T> {
  let token: string | undefined;
  do {
    const page = await read(token);
    yield page;
    const next = page.nextToken ?? page.NextToken;
    if (next && next === token) throw incompleteResponse('the same next page twice');
    token = next;
  } while (token);
}
