import type { LostHostsQuery } from './messages.ts';
import type { MonitorState } from './state.ts';

/** A foreign cluster that has made no call for this long is forgotten. */
const FOREIGN_CLUSTER_RETENTION_MS = 60 * 60_000;
/** How often the monitor records that a foreign cluster still calls. */
const FOREIGN_CLUSTER_REFRESH_MS = 20 * 60_000;

/**
 * A deployment belongs to the first Symphony cluster that calls. Another one uses a copied configuration, and each
 * would treat the other's machines as its own.
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
