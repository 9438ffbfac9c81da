import * as z from 'zod/mini';
import { isObject } from '../../domain/isObject.ts';
import { MAX_MACHINES } from '../../config/templates/ibmTemplates.ts';

/**
 * Host Factory's input documents. Other keys are accepted and dropped. Where IBM's documentation shows an object and
 * its program sends a list, both are accepted.
 */
const oneOrMany = <T>(entry: z.ZodMiniType<T>, allowed: string) =>
  z.pipe(
    z.transform((value: unknown) => (isEntry(value) ? [value] : value)),
    z.array(entry, allowed),
  );
const isEntry = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const noInput = z.object({});

const nonEmptyString = (allowed: string) => z.string(allowed).check(z.minLength(1, allowed));

const countAllowed = `a whole number from 1 to ${MAX_MACHINES}`;
/** A count may also be text: "3" is 3. */
const count = z.pipe(
  z.transform((value: unknown) =>
    typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value,
  ),
  z
    .number(countAllowed)
    .check(z.int(countAllowed), z.gte(1, countAllowed), z.lte(MAX_MACHINES, countAllowed)),
);

export const machinesRequest = z.object({
  template: z.object(
    { templateId: nonEmptyString('the id of a template'), machineCount: count },
    'an object with templateId and machineCount',
  ),
});

const idAllowed = 'an id that requestMachines or requestReturnMachines gave';
const requestId = z.string(idAllowed).check(z.regex(/\S/, idAllowed));

/** One entry without an id must not fail the call for all others; it is left out. */
const withIds = (value: unknown): unknown => {
  if (!Array.isArray(value)) return value;
  const entries: readonly unknown[] = value;
  const valid = entries.filter((entry) => {
    const id = isObject(entry) ? entry['requestId'] : undefined;
    return typeof id === 'string' && id.trim() !== '';
  });
  return valid.length > 0 ? valid : value;
};

export const statusRequest = z.object({
  requests: z.pipe(
    z.transform(withIds),
    oneOrMany(
      z.object({ requestId }, 'an object with requestId'),
      'an object or a list of objects with requestId',
    ),
  ),
  acknowledge: z.optional(z.boolean()),
});

const optionalString = z.nullish(z.string('a text'));
const host = z.object(
  { name: optionalString, machineId: optionalString },
  'an object with machineId or name',
);
const hosts = oneOrMany(host, 'an object or a list of objects with machineId or name');

export const returnRequest = z.object({ machines: hosts });
export const hostsInUse = z.object({ machines: z.nullish(hosts), isComplete: z.optional(z.boolean()) });
