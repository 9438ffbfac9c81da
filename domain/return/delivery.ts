import type { Observation } from '../machine/machine.ts';

/** Where each machine stands after a delivery. */
export type Delivery = { readonly index: number; readonly observation?: Observation } & (
  | { readonly kind: 'signalled'; readonly ownerId: string; readonly machineId: string }
  | { readonly kind: 'terminated'; readonly machineId: string }
  | { readonly kind: 'absent'; readonly machineId: string }
  | { readonly kind: 'rejected'; readonly message: string }
);
