import type { QueryDefinition, SignalDefinition } from '@temporalio/common';

/**
 * Names of signals and queries with the types of their payloads, which sender and handler share. They are Temporal's
 * definitions, made without Temporal's code: a command of Host Factory starts faster without it.
 */
export type Signal<Payload> = SignalDefinition<[Payload]>;

export interface Query<Arguments extends unknown[], Reply> extends QueryDefinition<Reply, Arguments> {
  /** @throws TypeError when the reply, e.g. of a worker of another release, does not have the form of `Reply` */
  parse(reply: unknown): Reply;
}

export const signal = <Payload>(name: string): Signal<Payload> =>
  ({ type: 'signal', name }) as Signal<Payload>;

export function query<Arguments extends unknown[], Reply>(
  name: string,
  isReply: (reply: unknown) => reply is Reply,
): Query<Arguments, Reply> {
  const parse = (reply: unknown): Reply => {
    if (isReply(reply)) return reply;
    throw new TypeError(
      `The reply to the query '${name}' has an unknown form. Is the worker of another release?`,
    );
  };
  return { type: 'query', name, parse } as Query<Arguments, Reply>;
}
