import type { Area } from '../property.ts';
import { openAnnouncements } from './interruptions.ts';
import { openArguments } from './arguments.ts';
import { openAws } from './aws.ts';
import { openDocuments } from './documents.ts';
import { openSettings } from './settings.ts';
import { openSimulator } from './simulator.ts';
import { openTemplates } from './templates.ts';
import { openWebhooks } from './webhooks.ts';

export const AREAS: readonly (() => Promise<Area>)[] = [
  openArguments,
  openDocuments,
  openTemplates,
  openSettings,
  openAws,
  openAnnouncements,
  openSimulator,
  openWebhooks,
];
