import { findingsText } from '../../config/templates/ibmTemplates.ts';
import { ConfigurationError, ValidationError } from '../../domain/errors/errors.ts';
import { defineQuery } from './operation.ts';

/** Reads the templates file and nothing else: no settings, no Temporal. Ignores whatever its input contains. */
export const operation = defineQuery({
  schema: async () => (await import('./schemas.ts')).noInput,
  fastPath: () => ({}),
  args: '',
  inputFromArgs: (args) => {
    if (args.length > 0)
      throw new ValidationError(`getAvailableTemplates takes no arguments; '${args[0]}' is one.`);
    return {};
  },
  examples: ['getAvailableTemplates'],
  run: async (_input, { templates: repository, log }) => {
    const { path, templates, problems, notes } = await repository.list();
    // Host Factory drops a provider without offers for good; after an error it keeps what it has.
    if (templates.every(({ maxNumber }) => maxNumber === 0)) {
      throw new ConfigurationError(
        `All usable templates of ${path} have maxNumber 0. ${findingsText(problems)}`.trim(),
      );
    }
    if (problems.length > 0) log.warn('templates are not usable', { path, problems });
    if (notes.length > 0) log.warn('keys of templates are ignored', { path, notes });
    const omitted = problems.length > 0 ? ` Not usable and left out: ${findingsText(problems)}` : '';
    return {
      templates: templates.map(({ templateId, maxNumber, attributes }) => ({
        templateId,
        maxNumber,
        attributes,
      })),
      message: `Get available templates success.${omitted}`,
    };
  },
});
