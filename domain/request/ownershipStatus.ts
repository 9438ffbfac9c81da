/**
 * An owner's answer to the `ownershipStatus` query, for one machine: `acknowledged` (Host Factory has read it as
 * `succeed`, and it is not being released), `unacknowledged` (Host Factory never read it as `succeed`), `booting` (its
 * result is open), `released` (its release is due, in progress or done), `unknown` (the owner never had it).
 */
export type OwnershipStatus = 'acknowledged' | 'unacknowledged' | 'booting' | 'released' | 'unknown';
