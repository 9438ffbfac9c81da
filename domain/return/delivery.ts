import type { Observation } from '../machine/machine.ts';

/** How the delivery of a return ended for one machine. */
export type Delivery = { readonly index: number; readonly observation?: Observation } & (
  | { readonly kind: 'signalled'; readonly ownerId: string; readonly machineId: string }
  | { readonly kind: 'terminated'; readonly machineId: string }
  | { readonly kind: 'absent'; readonly machineId: string }
  | { readonly kind: 'rejected'; readonly message: string }
);
