import type { HfOperation } from '../fixtures/stack/stack.ts';
import type { SimulatorControl } from '../fixtures/cloud/simulatorClient.ts';
import type { Foreign } from './foreign.ts';
import type { Answer } from './fakes/fake.ts';

/** A plugin as Host Factory sees it: five scripts, the environment it gives them, and files that a site edits. */
export interface Plugin {
  /** The folder of the five scripts. */
  readonly scripts: string;
  readonly env: Readonly<Record<string, string>>;
  readonly templatesFile: string;
  /** Of a fake: answers a call in this process, so that only the true scripts behind it cost a process. */
  readonly answer?: Answer;
}

/** What the checks do to all that surrounds a plugin; the plugin never sees it. */
export interface World {
  /** Its control endpoint and its log: the judge of what was launched and terminated. */
  readonly aws: SimulatorControl;
  /** Somebody else launches a machine in the same account, with these tags or none. */
  launchForeign(tags?: Readonly<Record<string, string>>): Promise<Foreign>;
  startWorker(): Promise<void>;
  /** SIGTERM */
  stopWorker(): Promise<void>;
  /** SIGKILL */
  killWorker(): Promise<void>;
  startTemporal(): Promise<void>;
  stopTemporal(): Promise<void>;
  /** The ids of all requests and returns that Temporal holds; those made a moment ago may be missing. */
  recorded(): Promise<readonly string[]>;
  /** Waits, at most these ms, until the status of this request can have changed for good. */
  untilSettled(requestId: string, withinMs: number): Promise<void>;
  /** Temporal drops the histories of this request that are over, as it does when its retention has passed. */
  passRetention(requestId: string): Promise<void>;
  /** The seconds within which a request must come to an end, for requests made from now on. */
  setBound(seconds: number): Promise<void>;
  /** For how long the last check plays. */
  readonly soakSeconds: number;
  /** The same installation, and every answer to a request for machines is lost on the way to the script. */
  withoutAnswers<T>(use: (plugin: Plugin) => Promise<T>): Promise<T>;
  /** Another provider instance of the same plugin, with a template of its own, `twin`, and a worker of its own. */
  withTwin<T>(use: (twin: Plugin) => Promise<T>): Promise<T>;
  /** Everything as it was before the check. */
  restore(): Promise<void>;
}

/** The template of the plugin under test, on demand, that checks ask machines of. It allows MOST machines. */
export const TEMPLATE = 'demo';
export const MOST = 2_000;
/** As many as one call may have to tell of. */
export const MANY = 1_000;
/** Of spot machines: one type that counts one unit, and one that counts four units each. */
export const SPOT_TEMPLATE = 'spot';
export const WEIGHTED_TEMPLATE = 'weighted';
/** Of machines that AWS itself keeps up: a fleet of type maintain. */
export const KEPT_TEMPLATE = 'kept';

export const OPERATIONS = [
  'getAvailableTemplates',
  'requestMachines',
  'getRequestStatus',
  'requestReturnMachines',
  'getReturnRequests',
] as const satisfies readonly HfOperation[];
