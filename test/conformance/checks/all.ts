import type { Check } from '../check.ts';
import { invocation } from './invocation.ts';
import { requests } from './requests.ts';
import { status } from './status.ts';
import { templates } from './templates.ts';

/** Every promise of the contract, by number. */
export const CHECKS: readonly Check[] = [...invocation, ...templates, ...requests, ...status];
