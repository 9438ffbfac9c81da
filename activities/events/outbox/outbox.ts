import type { DomainEvent } from '../../../domain/events/event.ts';
import type { Damage } from '../../storage/damage.ts';
import { openJournal, type Fold } from '../../storage/journal.ts';
import type { Template } from '../../../domain/template/template.ts';
import type { PublishedEvent } from '../handlers/handler.ts';
import { detectTemplateChange, type KnownTemplate } from './templateChange.ts';

/** An event and its offset: 1, 2, 3, ... in the order of publication. */
export interface Entry extends PublishedEvent {
  readonly offset: number;
}

/** Published events, on disk until every handler has them. Several processes may share one outbox. */
export interface Outbox {
  /**
   * Durable when it resolves. Idempotent: skips events of the run that are already in the outbox.
   * @returns the number of new events
   */
  append(runId: string, events: readonly DomainEvent[]): Promise<number>;
  /** Publishes TemplateChanged if the template differs from the last recorded one of its name. */
  recordTemplate(template: Template, created: DomainEvent): Promise<void>;
  /** At most `limit` entries after an offset. */
  readAfter(offset: number, limit: number): Promise<readonly Entry[]>;
  /** A handler's offset; undefined for a new handler. */
  handlerOffset(handler: string): number | undefined;
  commitOffset(handler: string, offset: number): Promise<void>;
  /** Offset of the newest entry; 0 if there is none. */
  newestOffset(): number;
  /**
   * Removes entries up to an offset that are older than `before` (epoch ms), and the sequence numbers of runs that published
   * nothing since.
   */
  trim(upTo: number, before: number): Promise<void>;
  close(): Promise<void>;
}

type Line =
  | { readonly entry: Entry; readonly template?: KnownTemplate }
  | { readonly template: KnownTemplate }
  | { readonly handler: string; readonly offset: number }
  | { readonly run: string; readonly sequence: number; readonly at: number }
  | { readonly newestOffset: number }
  | { readonly trimmedUpTo: number; readonly trimmedBefore: number };

export async function openOutbox(path: string, onDamage: (damage: Damage) => void): Promise<Outbox> {
  let entries: Entry[] = [];
  let newestOffset = 0;
  const handlerOffsets = new Map<string, number>();
  /** Last sequence of each run; an owner publishes in order. */
  const runs = new Map<string, { readonly sequence: number; readonly at: number }>();

  const templates = new Map<string, KnownTemplate>();

  const fold: Fold<Line> = {
    reset() {
      templates.clear();
      entries = [];
      newestOffset = 0;
      handlerOffsets.clear();
      runs.clear();
    },
    apply(line) {
      if ('template' in line && line.template) templates.set(line.template.templateId, line.template);
      if ('entry' in line) {
        entries.push(line.entry);
        newestOffset = line.entry.offset;
        const { runId, event } = line.entry;
        runs.set(runId, { sequence: event.sequence, at: event.at });
      } else if ('handler' in line) handlerOffsets.set(line.handler, line.offset);
      else if ('run' in line) runs.set(line.run, line);
      else if ('newestOffset' in line) newestOffset = line.newestOffset;
      else if ('trimmedUpTo' in line) trimUpTo(line.trimmedUpTo, line.trimmedBefore);
      return 1;
    },
    liveItems: () => entries.length + handlerOffsets.size + runs.size + templates.size,
    *snapshot() {
      for (const template of templates.values()) yield { template };
      for (const [run, { sequence, at }] of runs) yield { run, sequence, at };
      for (const [handler, offset] of handlerOffsets) yield { handler, offset };
      yield { newestOffset };
      for (const entry of entries) yield { entry };
    },
  };
  const journal = await openJournal({ path, fold, onDamage });

  return {
    async append(runId, events) {
      let added = 0;
      await journal.appendWith(() => {
        const lastSequence = runs.get(runId)?.sequence ?? 0;
        const newEvents = events.filter(({ sequence }) => sequence > lastSequence);
        added = newEvents.length;
        return newEvents.map((event, index) => ({
          entry: { offset: newestOffset + 1 + index, runId, event },
        }));
      });
      return added;
    },
    recordTemplate: (template, created) =>
      journal.appendWith(() => {
        const change = detectTemplateChange(template, created, templates);
        if (!change) return [];
        const { event, known } = change;
        return [{ entry: { offset: newestOffset + 1, runId: event.stream, event }, template: known }];
      }),
    async readAfter(offset, limit) {
      await journal.refresh();
      const start = indexAfter(entries, offset);
      return entries.slice(start, start + limit);
    },
    handlerOffset: (handler) => handlerOffsets.get(handler),
    commitOffset: (handler, offset) => journal.append([{ handler, offset }]),
    newestOffset: () => newestOffset,
    trim: (trimmedUpTo, trimmedBefore) =>
      journal.appendWith(() => {
        const [oldest] = entries;
        return oldest && isTrimmable(oldest, trimmedUpTo, trimmedBefore)
          ? [{ trimmedUpTo, trimmedBefore }]
          : [];
      }),
    close: () => journal.close(),
  };

  function trimUpTo(offset: number, before: number): void {
    entries = entries.filter((entry) => !isTrimmable(entry, offset, before));
    for (const [run, { at }] of runs) if (at < before) runs.delete(run);
  }
}

/** Index of the first entry after an offset. Binary search: there may be a million entries. */
function indexAfter(entries: readonly Entry[], offset: number): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.offset ?? 0) > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

const isTrimmable = (entry: Entry, offset: number, before: number): boolean =>
  entry.offset <= offset && entry.event.at < before;
