/** What the value of a setting may be: for the check, for its message, for the documents. */
export interface ValueType {
  readonly type: 'text' | 'number' | 'boolean';
  readonly accepts: (value: unknown) => boolean;
  /** Completes "allowed: ...". */
  readonly allowed: string;
  readonly unit?: string;
  /** The same in the words of JSON Schema. */
  readonly json: object;
}

export const text = (allowed: string, pattern = /^\S(.*\S)?$/): ValueType => ({
  type: 'text',
  accepts: (value) => typeof value === 'string' && pattern.test(value),
  allowed,
  json: { type: 'string', pattern: pattern.source },
});

/** Fractions allow a simulated cloud, which boots in a second, to be watched as closely as it deserves. */
export const number = (unit: string, minimum: number, maximum: number): ValueType => ({
  type: 'number',
  accepts: (value) => typeof value === 'number' && value >= minimum && value <= maximum,
  allowed: `a number from ${minimum} to ${maximum} (${unit})`,
  unit,
  json: { type: 'number', minimum, maximum },
});

export const integer = (unit: string, minimum: number, maximum: number): ValueType => ({
  ...number(unit, minimum, maximum),
  accepts: (value) => Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum,
  allowed: `a whole number from ${minimum} to ${maximum} (${unit})`,
  json: { type: 'integer', minimum, maximum },
});

export const boolean: ValueType = {
  type: 'boolean',
  accepts: (value) => typeof value === 'boolean',
  allowed: 'true or false',
  json: { type: 'boolean' },
};

export const oneOf = (values: readonly string[]): ValueType => ({
  type: 'text',
  accepts: (value) => values.some((each) => each === value),
  allowed: values.join(', '),
  json: { enum: values },
});

/** One text of several words, separated by commas. */
export const listOf = (what: string, values: readonly string[]): ValueType => ({
  type: 'text',
  accepts: (value) =>
    typeof value === 'string' && value.split(',').every((part) => values.includes(part.trim())),
  allowed: `${what} separated by commas: ${values.join(', ')}`,
  json: { type: 'string' },
});

export const absolutePath = text('an absolute path', /^\/.*\S$/);
const ADDRESS = /^(?:[^\s:/]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/;
const isPort = (port: string | undefined): boolean => Number(port) >= 1 && Number(port) <= 65_535;
export const address = (example: string): ValueType => ({
  ...text(`host:port, e.g. "${example}"`, ADDRESS),
  accepts: (value) => typeof value === 'string' && isPort(ADDRESS.exec(value)?.[1]),
});
const URL_TEXT = /^https?:\/\/[^\s/]+(\/\S*)?$/;
export const url = (example: string): ValueType => ({
  ...text(`an http or https URL, e.g. "${example}"`, URL_TEXT),
  accepts: (value) => typeof value === 'string' && URL_TEXT.test(value) && URL.canParse(value),
});

const QUEUE_TEXT = /^https?:\/\/[^\s/]+\/\d{12}\/[\w.-]+$/;
/** As SQS names its queues: with the account and the name at the end. */
export const queueUrl: ValueType = {
  ...text('the URL of an SQS queue, e.g. "https://sqs.eu-west-1.amazonaws.com/123456789012/ohf"', QUEUE_TEXT),
  accepts: (value) => typeof value === 'string' && QUEUE_TEXT.test(value) && URL.canParse(value),
};
