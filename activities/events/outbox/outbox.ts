import type { DomainEvent } from '../../../domain/events/event.ts';
import { openJournal, type Damage, type Fold } from '../../storage/journal.ts';
import type { Template } from '../../../domain/template/template.ts';
import type { Published } from '../handlers/handler.ts';
import { templateChange, type KnownTemplate } from './templateChange.ts';

/** An event in its place: 1, 2, 3, ... in the order in which they were published here. */
export interface Entry extends Published {
  readonly place: number;
}

/** What was published, on disk until every handler has had it. Several processes may share one. */
export interface Outbox {
  /**
   * Durable when it resolves. Events of a run that are here already are left out, so a repeated call adds none.
   * @returns how many were new
   */
  append(runId: string, events: readonly DomainEvent[]): Promise<number>;
  /** Adds an event when the template is another than the one of its name that was noted last. */
  noteTemplate(template: Template, created: DomainEvent): Promise<void>;
  /** Entries behind a place, at most so many. */
  after(place: number, limit: number): Promise<readonly Entry[]>;
  /** Up to which place a handler has had all; undefined for a new one. */
  cursor(handler: string): number | undefined;
  moveCursor(handler: string, place: number): Promise<void>;
  /** Place of the newest entry, 0 before the first. */
  newest(): number;
  /** Forgets entries up to a place that are from before this epoch ms, and runs that have been silent since. */
  trim(upTo: number, before: number): Promise<void>;
  close(): Promise<void>;
}

type Line =
  | { readonly entry: Entry; readonly template?: KnownTemplate }
  | { readonly template: KnownTemplate }
  | { readonly cursor: string; readonly place: number }
  | { readonly run: string; readonly sequence: number; readonly at: number }
  | { readonly newest: number }
  | { readonly trimmed: number; readonly before: number };

export async function openOutbox(path: string, onDamage: (damage: Damage) => void): Promise<Outbox> {
  let entries: Entry[] = [];
  let newest = 0;
  const cursors = new Map<string, number>();
  /** Newest sequence of each run: an owner publishes in order. */
  const runs = new Map<string, { readonly sequence: number; readonly at: number }>();

  const templates = new Map<string, KnownTemplate>();

  const fold: Fold<Line> = {
    reset() {
      templates.clear();
      entries = [];
      newest = 0;
      cursors.clear();
      runs.clear();
    },
    apply(line) {
      if ('template' in line && line.template) templates.set(line.template.templateId, line.template);
      if ('entry' in line) {
        entries.push(line.entry);
        newest = line.entry.place;
        const { runId, event } = line.entry;
        runs.set(runId, { sequence: event.sequence, at: event.at });
      } else if ('cursor' in line) cursors.set(line.cursor, line.place);
      else if ('run' in line) runs.set(line.run, line);
      else if ('newest' in line) newest = line.newest;
      else if ('trimmed' in line) trimTo(line.trimmed, line.before);
      return 1;
    },
    live: () => entries.length + cursors.size + runs.size + templates.size,
    *snapshot() {
      for (const template of templates.values()) yield { template };
      for (const [run, { sequence, at }] of runs) yield { run, sequence, at };
      for (const [cursor, place] of cursors) yield { cursor, place };
      yield { newest };
      for (const entry of entries) yield { entry };
    },
  };
  const journal = await openJournal({ path, fold, onDamage });

  return {
    async append(runId, events) {
      let added = 0;
      await journal.appendFrom(() => {
        const had = runs.get(runId)?.sequence ?? 0;
        const fresh = events.filter(({ sequence }) => sequence > had);
        added = fresh.length;
        return fresh.map((event, index) => ({ entry: { place: newest + 1 + index, runId, event } }));
      });
      return added;
    },
    noteTemplate: (template, created) =>
      journal.appendFrom(() => {
        const change = templateChange(template, created, templates);
        if (!change) return [];
        const { event, known } = change;
        return [{ entry: { place: newest + 1, runId: event.stream, event }, template: known }];
      }),
    async after(place, limit) {
      await journal.refresh();
      const first = firstBehind(entries, place);
      return entries.slice(first, first + limit);
    },
    cursor: (handler) => cursors.get(handler),
    moveCursor: (cursor, place) => journal.append([{ cursor, place }]),
    newest: () => newest,
    trim: (trimmed, before) =>
      journal.appendFrom(() => {
        const [oldest] = entries;
        return oldest && isDone(oldest, trimmed, before) ? [{ trimmed, before }] : [];
      }),
    close: () => journal.close(),
  };

  function trimTo(place: number, before: number): void {
    entries = entries.filter((entry) => !isDone(entry, place, before));
    for (const [run, { at }] of runs) if (at < before) runs.delete(run);
  }
}

/** Index of the first entry behind a place; there may be a million of them. */
function firstBehind(entries: readonly Entry[], place: number): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.place ?? 0) > place) high = middle;
    else low = middle + 1;
  }
  return low;
}

const isDone = (entry: Entry, place: number, before: number): boolean =>
  entry.place <= place && entry.event.at < before;
