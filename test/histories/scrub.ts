import { isObject } from '../../domain/isObject.ts';
import { homedir, hostname, tmpdir, userInfo } from 'node:os';

/** Who did it: process ids, hosts and paths, which say nothing to a replay. */
const NOBODY: ReadonlySet<string> = new Set([
  'identity',
  'lastWorkerIdentity',
  'workerIdentity',
  'historySizeBytes',
]);
/** Paths of the machine that recorded it. */
const EMPTY: ReadonlySet<string> = new Set(['stackTrace']);

/** A history as JSON without what tells of the machine that it was recorded on. */
export function scrub(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(scrub);
  if (typeof value !== 'object' || value === null) return value;
  const kept: [string, unknown][] = [];
  for (const [key, inner] of Object.entries(value)) {
    if (NOBODY.has(key)) continue;
    // A sticky queue is named by the process that it belongs to; the normal one stands beside it.
    const isSticky =
      key === 'taskQueue' &&
      isObject(inner) &&
      typeof inner['normalName'] === 'string' &&
      inner['normalName'] !== '';
    if (EMPTY.has(key)) kept.push([key, '']);
    else if (key === 'data' && typeof inner === 'string') kept.push([key, withoutHost(inner)]);
    else
      kept.push([
        key,
        isSticky ? { name: inner['normalName'], kind: 'TASK_QUEUE_KIND_NORMAL' } : scrub(inner),
      ]);
  }
  return Object.fromEntries(kept);
}

/** Ids of calls and who asked name the host, the same everywhere. */
function withoutHost(payload: string): string {
  const text = Buffer.from(payload, 'base64').toString();
  return Buffer.from(text.replaceAll(wordOf(hostname()), 'host')).toString('base64');
}

/** As a whole word: a host may be called like a part of one. */
const wordOf = (word: string): RegExp =>
  new RegExp(`(?<!\\w)${word.replaceAll(/\W/g, String.raw`\$&`)}(?!\\w)`, 'g');

/** Words of this machine that a text still holds, also inside payloads, which are base64. */
export function machineWordsIn(text: string, root: string): readonly string[] {
  const payloads = [...text.matchAll(/"data":"([\w+/=]+)"/g)].map(([, data = '']) =>
    Buffer.from(data, 'base64').toString(),
  );
  const all = [text, ...payloads].join('\n');
  const words = [hostname(), root, homedir(), tmpdir(), userInfo().homedir].filter((word) => word.length > 1);
  return [...new Set(words)].filter((word) => wordOf(word).test(all));
}
