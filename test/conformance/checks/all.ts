import type { Check } from '../check.ts';
import { invocation } from './invocation.ts';
import { requests } from './requests.ts';
import { returns } from './returns.ts';
import { status } from './status.ts';
import { takenAway } from './interruptions.ts';
import { templates } from './templates.ts';
import { whole } from './whole.ts';

/** Every promise of the contract, by number. */
export const CHECKS: readonly Check[] = [
  ...invocation,
  ...templates,
  ...requests,
  ...status,
  ...returns,
  ...takenAway,
  ...whole,
];
