import { endSharedEnvironment } from './fixtures/workflowRig.ts';

export const mochaHooks = { afterAll: endSharedEnvironment };
