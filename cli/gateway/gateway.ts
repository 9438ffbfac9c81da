import type { LostHosts } from '../../domain/monitor/machineRepository.ts';
import type { HostListUpdate, LostHostsQuery, MonitorInput } from '../../domain/monitor/messages.ts';
import type { Query, Signal } from '../../contract/tokens.ts';
import type { StatusAnswer } from '../../domain/request/requestRepository.ts';
import type { StatusView } from '../../domain/request/statusView.ts';
import type { MachineRequestInput } from '../../domain/request/input.ts';
import type { MachineReturnInput } from '../../domain/return/input.ts';
import type { StatusMemo } from '../../contract/status.ts';

/** `unconfirmed`: sent, and no answer came; the workflow may have been started or not. */
export type StartOutcome = 'started' | 'unconfirmed';

/** Host Factory's calls on Temporal. Every method throws UnavailableError, except where it never fails. */
export interface Gateway {
  startRequest(input: MachineRequestInput): Promise<StartOutcome>;
  startReturn(input: MachineReturnInput): Promise<StartOutcome>;
  /** One answer per id, in the same order; `now` in epoch ms. */
  readStatuses(ids: readonly string[], now: number): Promise<readonly StatusAnswer[]>;
  /** Signals an owner that Host Factory reads these of its machines. Never fails: the next status signals it again. */
  acknowledge(requestId: string, machineIds: readonly string[]): Promise<void>;
  /** Which of these hosts are lost. Changes nothing. */
  readLostHosts(hosts: LostHostsQuery): Promise<LostHosts>;
  /** Starts the monitor if it does not run. */
  ensureMonitor(): Promise<void>;
  /** Signals to the monitor what is new in a host list. Never fails: the next list brings it again. */
  updateHostList(update: HostListUpdate): Promise<void>;
  close(): Promise<void>;
}

/** One workflow to be started, in words that every kind of client understands. */
export interface WorkflowStart {
  readonly workflowType: string;
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly input: MachineRequestInput | MachineReturnInput | MonitorInput;
  /** Started only if none of this id runs; else the id must be new. */
  readonly startIfNotRunning?: boolean;
  readonly memo?: StatusMemo;
  readonly attributes: SearchAttributeValues;
  /** One line for lists in Temporal's Web UI. */
  readonly summary: string;
  /** Markdown for the page of the workflow there. */
  readonly details: string;
}

export interface SearchAttributeValues {
  readonly HfState?: 'provisioning' | 'returning';
  readonly HfTemplate?: string;
  readonly HfProvider: string;
  readonly HfRequestType?: 'create' | 'return';
  readonly HfCount?: number;
}

/** What a query came to; `unanswered`: no worker, too busy, or too slow. */
export type QueryAnswer =
  | { readonly kind: 'reply'; readonly reply: unknown }
  | { readonly kind: 'closed' | 'unanswered' | 'notFound' };

export interface WorkflowDescription {
  readonly runId: string;
  readonly isOpen: boolean;
  readonly isCompleted: boolean;
  /** Temporal's word for the state, e.g. `TERMINATED`. */
  readonly statusName: string;
  /** What our workflows keep there; somebody else's may be anything. */
  readonly memo?: unknown;
}

/**
 * The few calls to Temporal that the gateway is made of. The ladder of a status and the meaning of errors
 * are above it, so that a leaner client can take its place.
 */
export interface TemporalClient {
  /**
   * Makes sure that the server answers, so that a later failure of a start is told apart from one that was
   * never sent.
   * @throws UnavailableError
   */
  connect(): Promise<void>;
  /** @throws UnavailableError, also when the server refused: then nothing was started */
  start(workflow: WorkflowStart): Promise<StartOutcome>;
  query<Argument extends object>(
    workflowId: string,
    query: Query<[Argument], unknown>,
    argument: Argument,
  ): Promise<QueryAnswer>;
  /** @throws UnavailableError when it is not known to have arrived */
  signal<Payload extends object>(
    workflowId: string,
    signal: Signal<Payload>,
    payload: Payload,
  ): Promise<void>;
  /** @returns undefined when the server does not know the id */
  describe(workflowId: string): Promise<WorkflowDescription | undefined>;
  /** Input of one run, from its first event. */
  readInput(workflowId: string, runId: string): Promise<MachineRequestInput | MachineReturnInput>;
  /** Result of a run that completed. */
  readResult(workflowId: string, runId: string): Promise<StatusView>;
  close(): Promise<void>;
}
