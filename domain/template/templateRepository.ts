import type { Template } from './template.ts';

/** A key of a template that makes it unusable, or that is ignored. */
export interface TemplateFinding {
  readonly templateId: string;
  readonly key: string;
  readonly message: string;
}

/** The templates of one provider. */
export interface TemplateRepository {
  /** The usable templates in the order of the file, and what is wrong with the others. @throws ConfigurationError */
  list(): Promise<{
    readonly path: string;
    readonly templates: readonly Template[];
    readonly problems: readonly TemplateFinding[];
    readonly notes: readonly TemplateFinding[];
  }>;
  /** One template with its user data. @throws ResourceNotFoundError, ConfigurationError */
  get(templateId: string): Promise<Template>;
}
