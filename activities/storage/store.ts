import type { DomainEvent, EventType } from '../../domain/events/event.ts';
import type { MachineResult, ReleaseStage } from '../../domain/machine/machine.ts';
import type { Template } from '../../domain/template/template.ts';
import type { RequestStatus } from '../../domain/machine/machine.ts';

/**
 * The read model, for lists, reports and questions about old requests: a projection of the events that can be deleted and
 * rebuilt. Its two implementations give the same answers.
 */
export interface Store {
  /** All of the changes, or none. Durable when it resolves. @throws StorageError */
  commit(changes: readonly Change[]): Promise<void>;
  /** As `commit`; `choose` computes the changes under the write lock. */
  commitWith(choose: (rows: Rows) => readonly Change[]): Promise<void>;
  get<T extends Table>(table: T, id: string): Promise<Tables[T] | undefined>;
  /** Sorted by `at`, then `id`. */
  list<T extends Table>(table: T, query?: Query<T>): Promise<Page<Tables[T]>>;
  /**
   * Removes events older than `before` (epoch ms), and requests and machines that ended before it.
   * @returns the number of removed rows
   */
  prune(before: number): Promise<number>;
  close(): Promise<void>;
}

/** The rows as of one moment. */
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
  /** Epoch ms; lists are sorted by it. */
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
  /** Machines not terminated. */
  readonly alive: number;
  /** Epoch ms when it was settled with no machine left; 0 before. */
  readonly endedAt: number;
  /** Sequence of the newest event in it, and the run that published that event. */
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
  /** Lost: Host Factory did not return it. */
  readonly lost: boolean;
  /** Epoch ms; 0 until it is terminated. */
  readonly endedAt: number;
}

export interface EventRecord extends StoredRecord {
  readonly requestId: string;
  readonly type: EventType;
  /** '' for events about no machine or about several. */
  readonly machineId: string;
  readonly runId: string;
  readonly event: DomainEvent;
}

/** Columns that can be filtered by exact value. */
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
  /** Absent: no limit. */
  readonly limit?: number;
  /** `next` of the previous page. */
  readonly after?: string;
}

export interface Page<R> {
  readonly rows: readonly R[];
  /** Absent on the last page. */
  readonly next?: string;
}

/** A pagination cursor. */
export const formatCursor = ({ at, id }: { readonly at: number; readonly id: string }): string =>
  `${at} ${id}`;

export function parseCursor(cursor: string): { readonly at: number; readonly id: string } {
  const space = cursor.indexOf(' ');
  return { at: Number(cursor.slice(0, space)), id: cursor.slice(space + 1) };
}

/** Builds a page from up to limit + 1 rows. */
export function pageOf<R extends StoredRecord>(rows: readonly R[], limit: number | undefined): Page<R> {
  if (limit === undefined || rows.length <= limit) return { rows };
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return last ? { rows: shown, next: formatCursor(last) } : { rows: shown };
}

/** 0 for records that have no end. */
export const endedAtOf = (record: Tables[Table]): number => ('endedAt' in record ? record.endedAt : 0);
