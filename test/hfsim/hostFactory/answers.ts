import { z } from 'zod';
import type { HfOperation } from '../../fixtures/stack/stack.ts';

/*
 * What Host Factory takes from each operation, exactly as IBM specifies it: names, types, enumerations. Fields
 * that it does not know are let through, as it does.
 */
const text = z.string();
const nonEmpty = z.string().min(1);

/** A date in milliseconds stops IBM's requestor, so seconds it must be. 0: not known, in a return. */
const epochSeconds = z
  .int()
  .min(0)
  .refine((seconds) => seconds <= Date.now() / 1_000 + 3_600, 'launchtime lies in the future');

// A return that was given a name alone may not know the id.
const executing = z.looseObject({
  machineId: text,
  name: text,
  result: z.literal('executing'),
  message: text.optional(),
});
const succeeded = z.looseObject({
  machineId: text,
  name: nonEmpty,
  result: z.literal('succeed'),
  privateIpAddress: text,
  launchtime: epochSeconds,
  message: text.optional(),
});
const failed = z.looseObject({
  machineId: text,
  name: text,
  result: z.literal('fail'),
  message: nonEmpty,
});
const machine = z.discriminatedUnion('result', [executing, succeeded, failed]);

const attribute = z.tuple([nonEmpty, z.string()]);
const schemas = {
  getAvailableTemplates: z.looseObject({
    templates: z
      .array(
        z.looseObject({
          templateId: z.string().regex(/^[0-9A-Za-z_-]{1,64}$/),
          maxNumber: z.int().min(-1),
          attributes: z
            .object({ type: attribute, ncpus: attribute, ncores: attribute, nram: attribute })
            .catchall(z.unknown()),
        }),
      )
      .min(1, 'an empty list makes Host Factory drop the provider'),
  }),
  requestMachines: z.looseObject({ requestId: nonEmpty, message: text }),
  requestReturnMachines: z.looseObject({ requestId: nonEmpty, message: text }),
  getRequestStatus: z.looseObject({
    requests: z.array(
      z.looseObject({
        requestId: nonEmpty,
        status: z.enum(['running', 'complete', 'complete_with_error']),
        message: text,
        machines: z.array(machine),
      }),
    ),
  }),
  getReturnRequests: z.looseObject({
    status: z.literal('complete'),
    message: text,
    requests: z.array(z.looseObject({ machine: nonEmpty, gracePeriod: z.int().min(0).max(120) })),
  }),
} satisfies Record<HfOperation, z.ZodType>;

type Schemas = typeof schemas;
export type Answer<O extends HfOperation> = z.infer<Schemas[O]>;
export type StatusRow = Answer<'getRequestStatus'>['requests'][number];
export type MachineRow = StatusRow['machines'][number];

const refusal = z.looseObject({ message: nonEmpty });

export type Reading<T> =
  | { readonly kind: 'answered'; readonly answer: T }
  /** Exit code 1, with the reason. */
  | { readonly kind: 'refused'; readonly message: string }
  /** Not what a provider may answer. */
  | { readonly kind: 'invalid'; readonly why: string };

/** Reads what a script left behind. Nothing is repaired: one JSON document, exit code 0 or 1, a silent stderr. */
export function readAnswer<O extends HfOperation>(
  operation: O,
  { code, stdout, stderr }: { code: number | null; stdout: string; stderr: string },
): Reading<Answer<O>> {
  const invalid = (why: string) => ({ kind: 'invalid', why }) as const;
  if (stderr !== '') return invalid(`it wrote to stderr: ${stderr.slice(0, 300)}`);
  if (code !== 0 && code !== 1) return invalid(`its exit code is ${code}`);
  let document: unknown;
  try {
    document = JSON.parse(stdout);
  } catch {
    return invalid(`stdout is not one JSON document: ${stdout.slice(0, 300)}`);
  }
  const read = (code === 1 ? refusal : schemas[operation]).safeParse(document);
  if (!read.success) {
    const [issue] = read.error.issues;
    return invalid(`at ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  if (code === 1) return { kind: 'refused', message: refusal.parse(document).message };
  return { kind: 'answered', answer: read.data as Answer<O> };
}
