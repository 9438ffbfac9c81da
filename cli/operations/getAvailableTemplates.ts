import { templatesPath } from '../../config/hostFactory/hfPaths.ts';
import { findingsText, readTemplates } from '../../config/templates/ibmTemplates.ts';
import { ConfigurationError, ValidationError } from '../../domain/errors/errors.ts';
import type { OperationContext } from '../context.ts';
import type { Operation } from './operation.ts';

/** Needs the templates file and nothing else: no settings, no Temporal, and no checks of its empty input. */
export const operation: Operation = {
  name: 'getAvailableTemplates',
  kind: 'query',
  inputFromArgs: (args) => {
    if (args.length > 0)
      throw new ValidationError(`getAvailableTemplates takes no arguments; '${args[0]}' is one.`);
    return {};
  },
  execute: (_input, context) => listTemplates(context),
};

async function listTemplates({ env, log }: OperationContext): Promise<object> {
  const path = templatesPath(env);
  const { templates, problems, notes } = await readTemplates(path);
  // Host Factory drops a provider for good that offers nothing; after an error it keeps what it knew.
  if (templates.every(({ maxNumber }) => maxNumber === 0)) {
    throw new ConfigurationError(
      `All usable templates of ${path} have maxNumber 0. ${findingsText(problems)}`.trim(),
    );
  }
  if (problems.length > 0) log.warn('templates are not usable', { path, problems });
  if (notes.length > 0) log.warn('keys of templates are ignored', { path, notes });
  const leftOut = problems.length > 0 ? ` Not usable and left out: ${findingsText(problems)}` : '';
  return {
    templates: templates.map(({ templateId, maxNumber, attributes }) => ({
      templateId,
      maxNumber,
      attributes,
    })),
    message: `Get available templates success.${leftOut}`,
  };
}
