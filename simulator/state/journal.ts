import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import type { Change } from './model.ts';
import { apply } from './world.ts';
import type { World } from './world.ts';

/** Where the changes go. `append` returns when the line is with the operating system, so SIGKILL cannot lose it. */
export type Journal = { append(change: Change): void; close(): void };

/** Stores nothing: the state is lost when the process exits. */
export const noJournal: Journal = { append: () => undefined, close: () => undefined };

const chunkSize = 1000;

/**
 * Loads the journal at `path` into `world` (a fresh one), compacts it and opens it for appending.
 * Throws when the file is damaged anywhere but at its end; a torn last line is a call that never happened.
 */
export function openJournal(path: string, world: World): Journal {
  load(path, world);
  // Compact into a file beside it and rename: a crash leaves either the old or the new one.
  const compacted = openSync(`${path}.new`, 'w');
  for (const change of snapshot(world)) writeSync(compacted, `${JSON.stringify(change)}\n`);
  fsyncSync(compacted);
  closeSync(compacted);
  renameSync(`${path}.new`, path);
  const file = openSync(path, 'a');
  let isOpen = true;
  return {
    append(change) {
      // The number of a closed file may already stand for another one.
      if (!isOpen) throw new Error(`The state file ${path} is closed`);
      appendFileSync(file, `${JSON.stringify(change)}\n`);
    },
    close() {
      if (isOpen) closeSync(file);
      isOpen = false;
    },
  };
}

function load(path: string, world: World): void {
  if (!existsSync(path)) return;
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop(); // What follows the last newline is either nothing or torn.
  for (const [index, line] of lines.entries()) {
    let change: Change;
    try {
      change = JSON.parse(line) as Change;
    } catch (error) {
      throw new Error(`The state file ${path} is damaged at line ${index + 1}`, { cause: error });
    }
    apply(world, change);
  }
}

// The settings go first: applied after the instances they would move their transitions.
function* snapshot(world: World): Generator<Change> {
  yield {
    settings: { at: 0, values: world.settings },
    capacityRules: world.capacityRules,
    quotas: world.quotas,
  };
  yield { templates: [...world.templates.values()], fleets: [...world.fleets.values()] };
  yield { groups: [...world.groups.values()], rules: [...world.rules] };
  yield* chunks([...world.messages.values()], (messages) => ({ messages }));
  yield* chunks(world.launchOrder, (launched) => ({ launched }));
  yield* chunks([...world.tokens.values()], (tokens) => ({ tokens }));
  for (const log of world.log) yield { log };
}

function* chunks<T>(items: T[], toChange: (part: T[]) => Change): Generator<Change> {
  for (let at = 0; at < items.length; at += chunkSize) yield toChange(items.slice(at, at + chunkSize));
}
