import type { Template } from '../template/template.ts';
import { numbered, type DomainEvent, type EventBody } from './event.ts';

/** What changed from one list of a provider's templates to the next. */
export function templateEventsBetween(
  before: readonly Template[],
  after: readonly Template[],
  whose: { readonly deployment: string; readonly provider: string; readonly at: number },
  nextSequence: number,
): DomainEvent[] {
  const old = new Map(before.map((template) => [template.templateId, template]));
  const left = new Set(after.map(({ templateId }) => templateId));
  const bodies = [
    ...after.flatMap((template): EventBody[] => {
      const was = old.get(template.templateId);
      if (was && JSON.stringify(was) === JSON.stringify(template)) return [];
      return [templateChanged(template, was ? 'changed' : 'added')];
    }),
    ...before
      .filter(({ templateId }) => !left.has(templateId))
      .map(({ templateId }): EventBody => ({ type: 'TemplateChanged', templateId, change: 'removed' })),
  ];
  const stream = `templates-${whose.deployment}-${whose.provider}`;
  return numbered(bodies, { stream, requestId: '', ...whose }, nextSequence);
}

function templateChanged(template: Template, change: 'added' | 'changed'): EventBody {
  const { userData: _, ...shown } = template;
  return { type: 'TemplateChanged', templateId: template.templateId, change, template: shown };
}
