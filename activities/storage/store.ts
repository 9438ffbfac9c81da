import type { DomainEvent, EventType } from '../../domain/events/event.ts';
import type { MachineResult, ReleaseStage } from '../../domain/machine/machine.ts';
import type { Template } from '../../domain/template/template.ts';
import type { RequestStatus } from '../../domain/machine/machine.ts';

/**
 * The read model: what lists, reports and questions about old requests are answered from. A projection of the
 * events; it can be deleted and made again. Two stores keep it, and give the same answers.
 */
export interface Store {
  /** All of the changes, or none. Durable when it resolves. @throws StorageError */
  commit(changes: readonly Change[]): Promise<void>;
  /** As `commit`; nobody else writes between what `choose` reads and what it chooses. */
  commitWith(choose: (rows: Rows) => readonly Change[]): Promise<void>;
  get<T extends Table>(table: T, id: string): Promise<Tables[T] | undefined>;
  /** By `at`, then `id`. */
  list<T extends Table>(table: T, query?: Query<T>): Promise<Page<Tables[T]>>;
  /**
   * Removes events from before this epoch ms, and requests and machines that ended before it.
   * @returns how many
   */
  prune(before: number): Promise<number>;
  close(): Promise<void>;
}

/** The rows of one moment. */
export interface Rows {
  get<T extends Table>(table: T, id: string): Tables[T] | undefined;
}

export interface Tables {
  readonly templates: TemplateRecord;
  readonly requests: RequestRecord;
  readonly machines: MachineRecord;
  readonly events: EventRecord;
}
export type Table = keyof Tables;

export type Change =
  | { [T in Table]: { readonly table: T; readonly put: Tables[T] } }[Table]
  | { readonly table: Table; readonly remove: string };

interface StoredRecord {
  readonly id: string;
  /** Epoch ms: what lists are sorted by. */
  readonly at: number;
  readonly provider: string;
}

export interface TemplateRecord extends StoredRecord {
  readonly templateId: string;
  readonly template: Omit<Template, 'userData'>;
}

/** `id` is the workflow id of the owner. */
export interface RequestRecord extends StoredRecord {
  readonly requestId: string;
  readonly templateId: string;
  readonly status: RequestStatus;
  readonly message: string;
  readonly phase: 'provisioning' | 'settled';
  readonly cancelled: boolean;
  readonly count: number;
  /** Epoch ms. */
  readonly deadline: number;
  /** Machines that are not gone. */
  readonly alive: number;
  /** Epoch ms at which it was settled without a machine left; 0 until then. */
  readonly endedAt: number;
  /** Of the newest event in it, and of the run that told it. */
  readonly sequence: number;
  readonly runId: string;
}

/** `id` is the cloud's id of the machine. */
export interface MachineRecord extends StoredRecord {
  readonly requestId: string;
  /** The workflow id of its owner. */
  readonly owner: string;
  readonly instanceType: string;
  readonly spot: boolean;
  readonly units: number;
  readonly result: MachineResult;
  readonly release: ReleaseStage;
  readonly message: string;
  readonly name: string;
  readonly privateIp: string;
  readonly publicIp: string;
  /** Epoch seconds; 0 while unknown. */
  readonly launchTime: number;
  /** The cloud took it. */
  readonly lost: boolean;
  /** Epoch ms; 0 while it is there. */
  readonly endedAt: number;
}

export interface EventRecord extends StoredRecord {
  readonly requestId: string;
  readonly type: EventType;
  /** '' for events of none or of many. */
  readonly machineId: string;
  readonly runId: string;
  readonly event: DomainEvent;
}

/** What can be asked for by its exact value. */
export const COLUMNS = {
  templates: ['provider', 'templateId'],
  requests: ['provider', 'requestId', 'templateId', 'status'],
  machines: ['provider', 'requestId', 'instanceType', 'result', 'release'],
  events: ['provider', 'requestId', 'type', 'machineId'],
} as const satisfies { readonly [T in Table]: readonly (keyof Tables[T])[] };

export const TABLES = ['templates', 'requests', 'machines', 'events'] as const satisfies readonly Table[];

export interface Query<T extends Table> {
  readonly where?: { readonly [C in (typeof COLUMNS)[T][number]]?: string };
  /** Epoch ms: `from <= at < to`. */
  readonly from?: number;
  readonly to?: number;
  readonly newestFirst?: boolean;
  /** Without it everything. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface Page<R> {
  readonly rows: readonly R[];
  /** Absent on the last page. */
  readonly next?: string;
}

/** A place in a list. */
export const formatCursor = ({ at, id }: { readonly at: number; readonly id: string }): string =>
  `${at} ${id}`;

export function parseCursor(cursor: string): { readonly at: number; readonly id: string } {
  const space = cursor.indexOf(' ');
  return { at: Number(cursor.slice(0, space)), id: cursor.slice(space + 1) };
}

/** Makes a page of one row more than was asked for. */
export function pageOf<R extends StoredRecord>(rows: readonly R[], limit: number | undefined): Page<R> {
  if (limit === undefined || rows.length <= limit) return { rows };
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return last ? { rows: shown, next: formatCursor(last) } : { rows: shown };
}

/** 0 for what does not end. */
export const endedAtOf = (record: Tables[Table]): number => ('endedAt' in record ? record.endedAt : 0);
