import type { CliConfig, Environment } from '../../config/index.ts';
import type { MachineRepository } from '../../domain/monitor/machineRepository.ts';
import type { HostListUpdate } from '../../domain/monitor/messages.ts';
import type { MachineRequestInput } from '../../domain/request/input.ts';
import type { RequestRepository } from '../../domain/request/requestRepository.ts';
import type { MachineReturnInput } from '../../domain/return/input.ts';
import type { TemplateRepository } from '../../domain/template/templateRepository.ts';
import type { StartOutcome } from '../gateway/gateway.ts';
import type { Visibility } from '../gateway/visibility.ts';
import type { Log } from '../log.ts';

/** What every operation may use. Settings and connections are loaded only by the operations that use them. */
interface BaseContext {
  /** As Host Factory sets it for the scripts of this provider. */
  readonly env: Environment;
  readonly log: Log;
  /** Identifies this call in logs, and in what it starts. */
  readonly callId: string;
  /** Epoch ms. */
  now(): number;
  /** @throws ConfigurationError */
  config(): Promise<CliConfig['config']>;
  /** Sentences about settings that are set and ignored. @throws ConfigurationError */
  configNotes(): Promise<CliConfig['notes']>;
  readonly templates: TemplateRepository;
  readonly requests: RequestRepository;
  readonly machines: MachineRepository;
  /** What only `ohf health` reads. @throws UnavailableError */
  diagnostics(): Promise<Diagnostics>;
}

export type Diagnostics = Pick<Visibility, 'monitor' | 'searchAttributes' | 'pollers'>;

/** Read-only: no member can start, signal or cancel a workflow, and neither can the object behind it. */
export interface QueryContext extends BaseContext {
  readonly workflows?: never;
}

/** The side effects that a query may declare. Only getRequestStatus and getReturnRequests do. */
export interface QueryEffects {
  /** Signals an owner that Host Factory reads these machines. Never fails: the next status repeats the signal. */
  readonly acknowledge: (requestId: string, machineIds: readonly string[]) => Promise<void>;
  /** Starts the monitor if it does not run. @throws UnavailableError */
  readonly ensureMonitor: () => Promise<void>;
  /** Signals the changes of a host list to the monitor. Never fails: the next host list repeats them. */
  readonly updateHostList: (update: HostListUpdate) => Promise<void>;
}
export type Effect = keyof QueryEffects;

export interface CommandContext extends BaseContext {
  /** A UUID version 7. */
  newUuid(): Promise<string>;
  readonly workflows: WorkflowCommands;
}

/** Everything that a command can do to workflows. Every method throws UnavailableError. */
export interface WorkflowCommands {
  startRequest(input: MachineRequestInput): Promise<StartOutcome>;
  startReturn(input: MachineReturnInput): Promise<StartOutcome>;
  /** @throws ResourceNotFoundError when this provider has no open request or return with that id */
  cancel(id: string): Promise<void>;
  /** Signals the monitor to create an adopter for each of these requests. */
  forceAdoption(requestIds: readonly string[]): Promise<void>;
}
