import type { FlatParams } from './params.ts';
import type { Xml } from './xml.ts';

// Every type here is plain JSON, as all of it goes through the journal. Times are epoch milliseconds.

export type Lifecycle = 'on-demand' | 'spot';
export type Tags = Record<string, string>;

export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';

export type BlockDevice = {
  deviceName: string;
  volumeId: string;
  deleteOnTermination: boolean;
};

/** The state is not kept: it follows from the times (see world.ts, `stateAt`). */
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
  launchTemplateId?: string;
  launchedAt: number;
  runningAt: number;
  /** Oldest first. More than one only after CreateTags: a lagging read sees an earlier one. */
  tagVersions: { at: number; tags: Tags }[];
  termination?: Termination;
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

/** What a client token stands for: the same call again gets the same result. */
export type TokenRecord = {
  key: string;
  hash: string;
  at: number;
  instanceIds?: string[];
  answer?: { readonly [name: string]: Xml };
  error?: { code: string; message: string; status: number };
};

/** `pendingSeconds` and `shuttingDownSeconds` in s, `consistencyLagMs` in ms. */
export type Settings = {
  pendingSeconds: number;
  shuttingDownSeconds: number;
  consistencyLagMs: number;
};

/** Every pool (type x zone x lifecycle) that fits has this capacity; the last rule that fits a pool wins. */
export type PoolRule = {
  instanceType?: string;
  zone?: string;
  lifecycle?: Lifecycle;
  capacity: number | null;
};

/** See control.ts for what the fields promise. */
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
  pools?: PoolRule[];
  templates?: LaunchTemplate[];
  deletedTemplates?: string[];
  fleets?: Fleet[];
  launched?: Instance[];
  terminated?: ({ id: string } & Termination)[];
  tagged?: { ids: string[]; at: number; tags: Tags };
  tokens?: TokenRecord[];
  log?: LogEntry;
};
