import { earlyFakes } from './invocationAndTemplates.ts';
import { requestFakes } from './requests.ts';
import { returnFakes } from './returns.ts';
import { statusFakes } from './status.ts';
import type { Fake } from './fake.ts';

/** Plugins that are wrong in one way each: for every check at least one that it must find out. */
export const FAKES: readonly Fake[] = [...earlyFakes, ...requestFakes, ...statusFakes, ...returnFakes];
