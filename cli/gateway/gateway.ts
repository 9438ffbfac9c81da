import type { LostHosts } from '../../domain/monitor/machineRepository.ts';
import type { HostListUpdate, LostHostsQuery, MonitorInput } from '../../domain/monitor/messages.ts';
import type { Query, Signal } from '../../contract/definitions.ts';
import type { StatusAnswer } from '../../domain/request/requestRepository.ts';
import type { StatusView } from '../../domain/request/statusView.ts';
import type { MachineRequestInput } from '../../domain/request/input.ts';
import type { MachineReturnInput } from '../../domain/return/input.ts';
import type { StatusMemo } from '../../contract/status.ts';

/** `unconfirmed`: the call was sent and got no answer, so the workflow may or may not have started. */
export type StartOutcome = 'started' | 'unconfirmed';

/** Host Factory's calls on Temporal. Every method throws UnavailableError, except where it never fails. */
export interface Gateway {
  startRequest(input: MachineRequestInput): Promise<StartOutcome>;
  startReturn(input: MachineReturnInput): Promise<StartOutcome>;
  /** One answer per id, in the same order; `now` in epoch ms. */
  readStatuses(ids: readonly string[], now: number): Promise<readonly StatusAnswer[]>;
  /** Signals an owner that Host Factory reads these machines. Never fails: the next status repeats the signal. */
  acknowledge(requestId: string, machineIds: readonly string[]): Promise<void>;
  /** Reads which of these hosts are lost. */
  readLostHosts(hosts: LostHostsQuery): Promise<LostHosts>;
  /** Starts the monitor if it does not run. */
  ensureMonitor(): Promise<void>;
  /** Signals the changes of a host list to the monitor. Never fails: the next host list repeats them. */
  updateHostList(update: HostListUpdate): Promise<void>;
  close(): Promise<void>;
}

/** One workflow to start, independent of the client. */
export interface WorkflowStart {
  readonly workflowType: string;
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly input: MachineRequestInput | MachineReturnInput | MonitorInput;
  /** If true, a running workflow with this id is kept and a closed one is started again. Otherwise the id must be new. */
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

/** The outcome of a query; `unanswered`: no worker runs, or the server or worker is too busy or too slow. */
export type QueryAnswer =
  | { readonly kind: 'reply'; readonly reply: unknown }
  | { readonly kind: 'closed' | 'unanswered' | 'notFound' };

export interface WorkflowDescription {
  readonly runId: string;
  /** Epoch ms at which this run started. */
  readonly startedAt: number;
  readonly isOpen: boolean;
  readonly isCompleted: boolean;
  /** Temporal's name of the status, e.g. `TERMINATED`. */
  readonly statusName: string;
  /** The memo's key `hf`, which our workflows set. Other applications' workflows may have any value there. */
  readonly memo?: unknown;
}

/**
 * The calls to Temporal that the gateway needs. The gateway decides which of them to make, so that the lean client and
 * Temporal's SDK are interchangeable.
 */
export interface TemporalClient {
  /**
   * Checks that the server answers. A start that fails after that may have been sent; before, it was not.
   * @throws UnavailableError
   */
  connect(): Promise<void>;
  /** @throws UnavailableError, also when the server rejects the start; then no workflow was started */
  start(workflow: WorkflowStart): Promise<StartOutcome>;
  query<Argument extends object>(
    workflowId: string,
    query: Query<[Argument], unknown>,
    argument: Argument,
  ): Promise<QueryAnswer>;
  /** @throws UnavailableError when the delivery is not confirmed */
  signal<Payload extends object>(
    workflowId: string,
    signal: Signal<Payload>,
    payload: Payload,
  ): Promise<void>;
  /** @returns undefined when the server does not know the id */
  describe(workflowId: string): Promise<WorkflowDescription | undefined>;
  /** Reads the input of a run from its first event. */
  readInput(workflowId: string, runId: string): Promise<MachineRequestInput | MachineReturnInput>;
  /** Reads the result of a completed run. */
  readResult(workflowId: string, runId: string): Promise<StatusView>;
  close(): Promise<void>;
}
