import type { ReturnOutcome } from '../domain/request/returns.ts';
import { signal } from './definitions.ts';

/** Messages to a `machineReturn`, which also answers the `status` query. */
export const MACHINE_RETURN = 'machineReturn';

/** Sent by an owner: the machines of the return that it owned are decided. */
export const returnOutcomeSignal = signal<ReturnOutcome>('returnOutcome');
