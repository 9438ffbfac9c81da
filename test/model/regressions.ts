import type { Deed } from './commands.ts';

/** Lives that once went wrong, as small as they were shrunk. */
export const FOUND: Readonly<Record<string, readonly Deed[]>> = {
  'a launch that could not be looked up turns out to have made a group': [
    { kind: 'groups', pick: 0, many: 2 },
    { kind: 'dark', pick: 0, many: 1 },
    { kind: 'frozenLate', pick: 0, many: 1 },
    { kind: 'request', pick: 0, many: 3 },
    { kind: 'wait', pick: 4, many: 0 },
  ],
};
