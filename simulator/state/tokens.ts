import { createHash } from 'node:crypto';
import type { Call } from '../protocol/call.ts';
import { AwsError, invalidValue } from '../protocol/errors.ts';
import type { TokenRecord } from './model.ts';
import { stringAt } from '../protocol/params.ts';

/** A client token in its scope, and the record of an earlier call with it. */
export type ClientToken = {
  token: string;
  record(result: Omit<TokenRecord, 'key' | 'hash' | 'at'>): TokenRecord;
  previous: TokenRecord | undefined;
};

/**
 * Reads the client token of a call; undefined where there is none.
 * `scope` is the zone or region within which the token is unique.
 * Throws IdempotentParameterMismatch when the token was used with other parameters.
 */
export function readClientToken(call: Call, scope: string, maxLength = 64): ClientToken | undefined {
  const token = stringAt(call.params, 'ClientToken');
  if (token === undefined || token === '') return undefined;
  if (token.length > maxLength || !/^[\x20-\x7e]*$/.test(token)) {
    throw invalidValue('clientToken', token, `A client token is at most ${maxLength} ASCII characters.`);
  }
  const key = `${call.action}|${scope}|${token}`;
  const hash = parametersHash(call);
  const previous = call.world.tokens.get(key);
  if (previous !== undefined && previous.hash !== hash) {
    throw new AwsError(
      'IdempotentParameterMismatch',
      'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
    );
  }
  return { token, previous, record: (result) => ({ key, hash, at: call.now, ...result }) };
}

function parametersHash(call: Call): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(call.flat).toSorted()) {
    if (name !== 'DryRun') hash.update(JSON.stringify([name, call.flat[name]]));
  }
  return hash.digest('hex');
}
