/** One setting as the checks at run time need it; settingsTable.ts lists them all. */
export interface SettingRule {
  readonly type: 'string' | 'number' | 'integer' | 'boolean';
  /** Completes "allowed: ...". */
  readonly allowed: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: RegExp;
  readonly enum?: readonly string[];
  readonly format?: 'url';
  /** Must be set where its section is set. */
  readonly isRequired?: true;
  /** Only from the environment; never in a file, a log or a message. */
  readonly isSecret?: true;
  /** May be in a file, but in no message and no output. */
  readonly isMasked?: true;
  /** Well-known variables beside our own `OHF_...`, which wins over them. */
  readonly env?: readonly string[];
}

/** Whether a setting may have a value; the same as its type in schema.ts decides. */
export function isAllowed(rule: SettingRule, value: unknown): boolean {
  if (rule.type === 'boolean') return typeof value === 'boolean';
  if (rule.type === 'string') {
    return (
      typeof value === 'string' &&
      rule.enum?.includes(value) !== false &&
      rule.pattern?.test(value) !== false &&
      (rule.format !== 'url' || URL.canParse(value))
    );
  }
  if (typeof value !== 'number' || (rule.type === 'integer' && !Number.isInteger(value))) return false;
  return value >= (rule.minimum ?? -Infinity) && value <= (rule.maximum ?? Infinity);
}

/** Whether the value of a setting may appear in a message. */
export const isPrintable = (rule: SettingRule | undefined): boolean =>
  rule?.isSecret !== true && rule?.isMasked !== true;

/** `provider.aws.pollSeconds.min` -> `OHF_PROVIDER_AWS_POLL_SECONDS_MIN`. */
export const variableOf = (path: string): string =>
  `OHF_${path.replaceAll('.', '_').replaceAll(/[A-Z]/g, '_$&').toUpperCase()}`;

/** Text that is no number or boolean stays text, so that the error message shows it as it is. */
export function parseText({ type }: SettingRule, text: string): unknown {
  if ((type === 'number' || type === 'integer') && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (type === 'boolean' && /^(true|1)$/i.test(text)) return true;
  if (type === 'boolean' && /^(false|0)$/i.test(text)) return false;
  return text;
}
