/**
 * Whether a workflow of this status (e.g. `RUNNING`, a name from the SDK's descriptions) is open. Between two runs of a
 * continue-as-new, Temporal may describe the older run.
 */
export const isOpenStatus = (name: string): boolean =>
  name === 'RUNNING' || name === 'CONTINUED_AS_NEW' || name === 'PAUSED';
