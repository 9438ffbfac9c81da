export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: '*' | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A condition on one key; `*` asks only that there is a value. `others` have to be equal as well. */
export function condition(
  key: string,
  value: string,
  others: Readonly<Record<string, readonly string[]>> = {},
): Pick<PolicyStatement, 'Condition'> {
  const { 'aws:TagKeys': tagKeys, ...equal } = others;
  // A region of any name is no condition at all; a tag of any value is one.
  const isAny = value === '*';
  if (isAny && key === 'aws:RequestedRegion') return {};
  return {
    Condition: {
      ...(isAny ? { StringLike: { [key]: value } } : {}),
      ...(isAny && Object.keys(equal).length === 0
        ? {}
        : { StringEquals: { ...(isAny ? {} : { [key]: value }), ...equal } }),
      ...(tagKeys ? { 'ForAllValues:StringEquals': { 'aws:TagKeys': tagKeys } } : {}),
    },
  };
}
