import { hostFromWord, usualHosts } from './hosts.ts';
import { defineOperation } from './operation.ts';

/** Nothing watches AWS for machines that it takes away yet, so none is reported. */
export const operation = defineOperation({
  name: 'getReturnRequests',
  kind: 'query',
  inputFromWords: (words) => ({ machines: words.map(hostFromWord) }),
  usual: (input) => {
    const machines = usualHosts(input['machines']);
    return machines && { machines };
  },
  schema: async () => (await import('./schemas.ts')).hostsInUse,
  run: () =>
    Promise.resolve({
      status: 'complete',
      message: 'Instances marked for termination retrieved successfully.',
      requests: [],
    }),
});
