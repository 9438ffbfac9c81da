import type { FlatParams, ParamTree } from '../protocol/params.ts';
import type { Xml } from '../protocol/xml.ts';

// Every type here is plain JSON, as all of it goes through the journal. Times are epoch milliseconds.

export type Lifecycle = 'on-demand' | 'spot';
export type Tags = Record<string, string>;

export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';

export type BlockDevice = {
  deviceName: string;
  volumeId: string;
  deleteOnTermination: boolean;
};

/** The state is derived from the times (see world.ts, `stateAt`). */
export type Instance = {
  id: string;
  reservationId: string;
  launchIndex: number;
  imageId: string;
  instanceType: string;
  architecture: string;
  subnetId: string;
  zone: string;
  privateIp: string;
  lifecycle: Lifecycle;
  spotRequestId?: string;
  keyName?: string;
  securityGroupIds: string[];
  iamInstanceProfileArn?: string;
  blockDevices: BlockDevice[];
  volumeTags: Tags;
  clientToken?: string;
  fleetId?: string;
  spotFleetRequestId?: string;
  groupName?: string;
  launchTemplateId?: string;
  launchedAt: number;
  runningAt: number;
  /** Oldest first. More than one only after CreateTags: a lagging read sees an earlier one. */
  tagVersions: { at: number; tags: Tags }[];
  /** Its host name is made of its id, not of its address. */
  namedById?: boolean;
  /** It has termination protection (DisableApiTermination). */
  protected?: boolean;
  /** Someone stopped it, or its operating system shut down. */
  stopped?: { requestedAt: number; doneAt: number };
  /** A spot machine that AWS interrupts at `endAt`. */
  interruption?: { noticeAt: number; endAt: number };
  termination?: Termination;
  /** AWS no longer lists it, although the usual hour is not over. */
  forgotten?: boolean;
};

export type Termination = {
  requestedAt: number;
  doneAt: number;
  code: string;
  message: string;
  transitionReason: string;
};

export type LaunchTemplate = {
  id: string;
  name: string;
  createdAt: number;
  tags: Tags;
  /** LaunchTemplateData as it came, without the prefix. */
  data: FlatParams;
};

export type Fleet = {
  id: string;
  type: 'instant';
  createdAt: number;
  clientToken?: string;
  tags: Tags;
  instanceIds: string[];
};

/** One offering that a group may launch from; `request` is an override in the shape of a RunInstances request. */
export type GroupCandidate = {
  lifecycle: Lifecycle;
  templateId: string;
  request: ParamTree;
  weight: number;
  instanceType?: string;
};

/** A group that launches by itself: a fleet of type request or maintain, a Spot Fleet request, an Auto Scaling group. */
export type Group = {
  /** The fleet's id, the request's id or the group's name. */
  id: string;
  kind: 'fleet' | 'spotFleet' | 'autoScaling';
  type: 'request' | 'maintain';
  createdAt: number;
  clientToken?: string;
  tags: Tags;
  /** Tags that members get besides those of the launch template. */
  propagated: Tags;
  candidates: GroupCandidate[];
  /** Units. */
  targets: Record<Lifecycle, number>;
  excessPolicy: 'termination' | 'no-termination';
  validUntil?: number;
  /** `running`: deleted or cancelled while its members keep running; `terminating`: with its members. */
  state: 'active' | 'running' | 'terminating';
  modifyingUntil?: number;
  /** No longer listed. */
  deleted?: true;
  evaluatedAt: number;
  memberIds: string[];
  /** What went wrong, oldest first. */
  history: { at: number; code: string; message: string }[];
  scaling?: Scaling;
};

/** Fields that only an Auto Scaling group has. */
export type Scaling = {
  min: number;
  max: number;
  desired: number;
  /** Of the desired units: bought on demand before the percentage counts. */
  onDemandBase: number;
  onDemandPercent: number;
  protectNew: boolean;
  protectedIds: string[];
  suspended: string[];
  subnetIds: string[];
};

/** The recorded result of a client token: repeating the call returns it. */
export type TokenRecord = {
  key: string;
  hash: string;
  at: number;
  instanceIds?: string[];
  answer?: { readonly [name: string]: Xml };
  error?: { code: string; message: string; status: number };
};

/**
 * `pendingSeconds`, `shuttingDownSeconds` and `groupTickSeconds` (between two steps of a group's loop) in s, `consistencyLagMs`
 * in ms; `addressLagMs`: for how long a running instance has no name and no address yet; `pageSize`: the most
 * entries of a page, however many are asked for (0: as many as are asked for); `throttle` 1: calls beyond AWS's
 * published rates are refused.
 */
export type Settings = {
  pendingSeconds: number;
  shuttingDownSeconds: number;
  consistencyLagMs: number;
  addressLagMs: number;
  groupTickSeconds: number;
  pageSize: number;
  throttle: number;
};

/** Limits of the account; what is absent is not limited. */
export type Quotas = {
  /** vCPUs of live instances. */
  vcpus?: { 'on-demand'?: number; spot?: number };
  /** Fleets and Spot Fleet requests that still launch. */
  fleets?: number;
  /** Addresses in use, by subnet. */
  addresses?: Record<string, number>;
};

/** Every matching offering (type x zone x lifecycle) has this capacity; the last matching rule wins. */
export type CapacityRule = {
  instanceType?: string;
  zone?: string;
  lifecycle?: Lifecycle;
  capacity: number | null;
};

/** A message in the queue, visible from `visibleAt` (ms) on. */
export type QueueMessage = { id: string; body: string; visibleAt: number; receiveCount: number };

/** control.ts defines the fields. */
export type LogEntry = {
  seq: number;
  time: string;
  action: string;
  outcome: string;
  token?: string;
  launched: string[];
  terminated: string[];
  replay: boolean;
  gate?: string;
  params: FlatParams;
};

/** All that one call does to the world; one line of the journal, so it happens whole or not at all. */
export type Change = {
  reset?: true;
  settings?: { at: number; values: Settings };
  capacityRules?: CapacityRule[];
  quotas?: Quotas;
  templates?: LaunchTemplate[];
  deletedTemplates?: string[];
  fleets?: Fleet[];
  groups?: Group[];
  launched?: Instance[];
  terminated?: ({ id: string } & Termination)[];
  protected?: { ids: string[]; on: boolean };
  forgotten?: string[];
  stopped?: { id: string; requestedAt: number; doneAt: number }[];
  interrupted?: { id: string; noticeAt: number; endAt: number }[];
  tagged?: { ids: string[]; at: number; tags: Tags };
  tokens?: TokenRecord[];
  rules?: string[];
  /** New ones, and ones that were received. */
  messages?: QueueMessage[];
  deletedMessages?: string[];
  log?: LogEntry;
};
