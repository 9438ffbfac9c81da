import { createHash } from 'node:crypto';
import { numberEvents, type DomainEvent } from '../../../domain/events/event.ts';
import type { Template } from '../../../domain/template/template.ts';

/** What is remembered of a template: the version used by the newest request. */
export interface KnownTemplate {
  readonly templateId: string;
  /** Sequence of the event that recorded it. */
  readonly sequence: number;
  /** Epoch ms: creation of that request. */
  readonly at: number;
  /** Digest of the value of each key, enough to know which keys changed. */
  readonly digests: Readonly<Record<string, string>>;
}

/**
 * The templates file belongs to the administrator and no process watches it: a new or changed template is noticed with
 * the first request that uses it.
 * @param created the first event of that request
 * @returns undefined if nothing changed, or the request is older than the recorded template
 */
export function detectTemplateChange(
  template: Template,
  { deployment, provider, at }: DomainEvent,
  known: ReadonlyMap<string, KnownTemplate>,
): { readonly event: DomainEvent; readonly known: KnownTemplate } | undefined {
  const { templateId } = template;
  const before = known.get(templateId);
  if (before && before.at > at) return undefined;
  const digests = digestsOf(template);
  const keys = before ? changedKeys(before.digests, digests) : [];
  if (before && keys.length === 0) return undefined;
  const { userData: _, ...publicTemplate } = template;
  const change = before ? 'changed' : 'added';
  const sequence = 1 + Math.max(0, ...[...known.values()].map((entry) => entry.sequence));
  const base = { stream: `templates-${deployment}-${provider}`, requestId: '', deployment, provider, at };
  const [event] = numberEvents(
    [{ type: 'TemplateChanged', templateId, change, keys, template: publicTemplate }],
    base,
    sequence,
  );
  return event && { event, known: { templateId, sequence, at, digests } };
}

function digestsOf(template: Template): Record<string, string> {
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) => [
      key,
      createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16),
    ]),
  );
}

function changedKeys(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): readonly string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...keys].filter((key) => before[key] !== now[key]).toSorted();
}
