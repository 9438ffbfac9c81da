import type { HostsQuery } from './messages.ts';
import type { MonitorState } from './state.ts';

/** A strange cluster that has not asked for so long is gone. */
const FORGET_MS = 60 * 60_000;
/** How often it is noted that a strange cluster still asks. */
const NOTE_AGAIN_MS = 20 * 60_000;

/**
 * A deployment belongs to one Symphony cluster: the first one that asks. Another one that asks uses a copied
 * configuration; each would take the machines of the other for its own.
 */
export function newsOfCluster(
  state: MonitorState,
  { cluster = '', at }: HostsQuery,
): { readonly isStrange: boolean; readonly news?: { readonly cluster: string } } {
  if (cluster === '' || cluster === state.cluster) return { isStrange: false };
  const isStrange = state.cluster !== '';
  const { stranger } = state;
  const isNoted = isStrange && stranger?.cluster === cluster && at - stranger.at < NOTE_AGAIN_MS;
  return { isStrange, ...(isNoted ? {} : { news: { cluster } }) };
}

export function clusterNamed(state: MonitorState, cluster: string, now: number): MonitorState {
  if (state.cluster === '') return { ...state, cluster };
  return cluster === state.cluster ? state : { ...state, stranger: { cluster, at: now } };
}

export function withoutOldStranger(state: MonitorState, now: number): MonitorState {
  const { stranger } = state;
  return stranger && now - stranger.at > FORGET_MS ? { ...state, stranger: undefined } : state;
}
