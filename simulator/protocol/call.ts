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
  /** What Describe* and lookups by id see is the world of this time (ms): `now` less the consistency lag. */
  readonly snapshotAt: number;
  /** Instances that this call gets at most, whatever its pools have. */
  readonly maxInstances: number;
  readonly flat: FlatParams;
  readonly params: ParamTree;
};

/** What a call comes to. A handler never changes the world: it says the change, and the caller commits it. */
export type Outcome = {
  body: { readonly [name: string]: Xml };
  change?: Change;
  replay?: boolean;
  /** The call fails, and yet its change stands (a token is remembered for a launch that found no capacity). */
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
