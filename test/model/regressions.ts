import type { Command } from './commands.ts';

/** Sequences that once failed, after shrinking. */
export const REGRESSIONS: Readonly<Record<string, readonly Command[]>> = {
  'a launch that was discovered late has created a group': [
    { kind: 'useGroups', pick: 0, many: 2 },
    { kind: 'hideLaunches', pick: 0, many: 1 },
    { kind: 'failFreezes', pick: 0, many: 1 },
    { kind: 'request', pick: 0, many: 3 },
    { kind: 'wait', pick: 4, many: 0 },
  ],
};
