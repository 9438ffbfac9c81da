import type { Area } from '../property.ts';
import { openDocuments } from './documents.ts';

export const AREAS: readonly (() => Promise<Area>)[] = [openDocuments];
