import { randomBytes } from 'node:crypto';
import type { Catalogue } from '../state/catalogue.ts';
import type { AwsError } from './errors.ts';
import type { Change } from '../state/model.ts';
import type { FlatParams, ParamTree } from './params.ts';
import type { World } from '../state/world.ts';
import type { Xml } from './xml.ts';

/** One call of one action, as its handler sees it. */
export type Call = {
  readonly action: string;
  readonly world: World;
  readonly catalogue: Catalogue;
  readonly accountId: string;
  /** Time of the effect, ms. */
  readonly now: number;
  /** Reads see the world as of this time (ms): `now` minus the consistency lag. */
  readonly snapshotAt: number;
  /** Upper limit of instances for this call, whatever the capacity. */
  readonly maxInstances: number;
  readonly flat: FlatParams;
  readonly params: ParamTree;
};

/** The result of a call. A handler never changes the world: it returns the change, and the caller commits it. */
export type Outcome = {
  body: { readonly [name: string]: Xml };
  change?: Change;
  replay?: boolean;
  /** The call fails but its change is committed (a token is remembered for a launch that found no capacity). */
  error?: AwsError;
};

export type Handler = (call: Call) => Outcome;

/** A handler and the names of the parameters that AWS takes at the top level. */
export type Action = { handler: Handler; parameters: readonly string[] };

/** A new resource id, e.g. `i-` and 17 hexadecimal digits. */
export function newId(prefix: string, digits = 17): string {
  return `${prefix}-${randomBytes(Math.ceil(digits / 2))
    .toString('hex')
    .slice(0, digits)}`;
}
