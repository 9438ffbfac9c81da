import type { LostHostsQuery } from './messages.ts';
import type { MonitorState } from './state.ts';

/** A strange cluster that has not asked for so long is gone. */
const FOREIGN_CLUSTER_RETENTION_MS = 60 * 60_000;
/** How often it is noted that a strange cluster still asks. */
const FOREIGN_CLUSTER_REFRESH_MS = 20 * 60_000;

/**
 * A deployment belongs to one Symphony cluster: the first one that asks. Another one that asks uses a copied
 * configuration; each would take the machines of the other for its own.
 */
export function checkClusterBinding(
  state: MonitorState,
  { cluster = '', at }: LostHostsQuery,
): { readonly isForeign: boolean; readonly update?: { readonly cluster: string } } {
  if (cluster === '' || cluster === state.cluster) return { isForeign: false };
  const isForeign = state.cluster !== '';
  const { foreignCluster } = state;
  const isRecorded =
    isForeign && foreignCluster?.cluster === cluster && at - foreignCluster.at < FOREIGN_CLUSTER_REFRESH_MS;
  return { isForeign, ...(isRecorded ? {} : { update: { cluster } }) };
}

export function bindCluster(state: MonitorState, cluster: string, now: number): MonitorState {
  if (state.cluster === '') return { ...state, cluster };
  return cluster === state.cluster ? state : { ...state, foreignCluster: { cluster, at: now } };
}

export function forgetForeignCluster(state: MonitorState, now: number): MonitorState {
  const { foreignCluster } = state;
  return foreignCluster && now - foreignCluster.at > FOREIGN_CLUSTER_RETENTION_MS
    ? { ...state, foreignCluster: undefined }
    : state;
}
