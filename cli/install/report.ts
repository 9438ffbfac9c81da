import { MODE, type Change } from './changes.ts';
import { unifiedDiff } from './diff.ts';

/** Describes changes for people; with a diff for the files that are not ours. */
export function changesText(changes: readonly Change[], isForeign: (path: string) => boolean): string {
  return changes.map((change) => headline(change) + (isForeign(change.path) ? diffOf(change) : '')).join('');
}

function headline({ kind, path, ...change }: Change): string {
  switch (kind) {
    case 'makeFolder':
      return `make folder ${path} (${octal(MODE.folder)})\n`;
    case 'removeFolder':
      return `remove folder ${path}, if it is empty\n`;
    case 'delete':
      return `delete ${path}\n`;
    case 'write': {
      const mode = 'isExecutable' in change && change.isExecutable ? MODE.script : MODE.file;
      return 'before' in change && change.before !== undefined
        ? `change ${path}\n`
        : `write ${path} (${octal(mode)})\n`;
    }
  }
}

function diffOf(change: Change): string {
  if (change.kind !== 'write' && change.kind !== 'delete') return '';
  return unifiedDiff(change.path, change.before ?? '', change.kind === 'write' ? change.after : '');
}

/** Describes changes for programs. */
export const changesJson = (changes: readonly Change[]): readonly object[] =>
  changes.map((change) => ({
    change: change.kind,
    path: change.path,
    ...(change.kind === 'write' ? { diff: unifiedDiff(change.path, change.before ?? '', change.after) } : {}),
  }));

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');
