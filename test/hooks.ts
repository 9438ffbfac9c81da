import { endServers } from './fixtures/workflowRig.ts';

export const mochaHooks = { afterAll: endServers };
