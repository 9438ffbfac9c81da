import type { Sighting } from '../machine/machine.ts';

/** Where each machine stands after a delivery. */
export type Delivery = { readonly index: number; readonly sighting?: Sighting } & (
  | { readonly kind: 'signalled'; readonly ownerId: string; readonly machineId: string }
  | { readonly kind: 'gone'; readonly machineId: string }
  | { readonly kind: 'absent'; readonly machineId: string }
  | { readonly kind: 'refused'; readonly message: string }
);
