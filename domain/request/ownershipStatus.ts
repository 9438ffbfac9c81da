/**
 * Answer of an owner's `ownershipStatus` query, one a machine: `acknowledged` (Host Factory has it, and nobody wants it gone),
 * `unacknowledged` (Host Factory never read it as `succeed`), `booting` (it is not decided yet), `released` (being given
 * back, or gone), `unknown` (the owner never had it).
 */
export type OwnershipStatus = 'acknowledged' | 'unacknowledged' | 'booting' | 'released' | 'unknown';
