import type * as z from 'zod/mini';
import { describeIssues } from '../../config/issues.ts';
import { ValidationError } from '../../domain/shared/errors.ts';
import type { OperationContext } from '../context.ts';

/**
 * One operation: a module of its own, from which the command line and the scripts are made.
 * A command starts or signals a workflow, a query only reads.
 */
export interface Operation {
  readonly name: string;
  readonly kind: 'command' | 'query';
  /** The input document that words on the command line stand for. */
  readonly inputFromWords: (words: readonly string[]) => object;
  /**
   * @returns the output document
   * @throws OhfError whose message is Host Factory's answer
   */
  execute(input: object, context: OperationContext): Promise<object>;
}

interface Definition<Input> extends Pick<Operation, 'name' | 'kind' | 'inputFromWords'> {
  /** Loaded with zod, and so only when there is input to check. */
  readonly schema: () => Promise<z.ZodMiniType<Input>>;
  readonly run: (input: Input, context: OperationContext) => Promise<object>;
}

export function defineOperation<Input>(definition: Definition<Input>): Operation {
  const { name, kind, inputFromWords, schema, run } = definition;
  return {
    name,
    kind,
    inputFromWords,
    execute: async (input, context) => run(check(await schema(), input), context),
  };
}

function check<Input>(schema: z.ZodMiniType<Input>, input: object): Input {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  // One finding is enough for a call of a program; a thousand entries may be wrong in the same way.
  const first = parsed.error.issues.slice(0, 1);
  throw new ValidationError(describeIssues(first, input, { origin: () => 'Input', knownPaths: [] }));
}
