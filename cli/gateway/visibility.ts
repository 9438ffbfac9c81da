import { Client, Connection, type WorkflowExecutionInfo } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { Config, TemporalConfig } from '../../config/index.ts';
import { WORKFLOW } from '../../domain/shared/messages.ts';
import { taskQueues } from '../../domain/shared/queues.ts';
import { connectionOptions } from './connectionOptions.ts';
import { unavailable, unreachable } from './temporalErrors.ts';

/** What Temporal's lists say of one request, return or adopter. */
export interface WorkflowRow {
  readonly id: string;
  readonly kind: 'request' | 'return' | 'adopter';
  /** HfState while it is open, else Temporal's word for how it ended, in lower case. */
  readonly state: string;
  readonly open: boolean;
  readonly template: string;
  /** Machines asked for, or given back. */
  readonly count: number;
}

/** Lists of Temporal, for people. They lag a second or so behind the workflows themselves. */
export interface Visibility {
  /** @throws UnavailableError */
  list(query: string, limit: number): Promise<readonly WorkflowRow[]>;
  close(): Promise<void>;
}

/** Requests, returns and adopters of one provider instance. */
export function ofProvider({ provider }: Config, condition: 'open' | 'any'): string {
  const { workflows } = taskQueues(provider.deployment, provider.name);
  const types = [WORKFLOW.request, WORKFLOW.return].map((type) => `WorkflowType = "${type}"`);
  const isOpen = condition === 'open' ? ' AND ExecutionStatus = "Running"' : '';
  return `TaskQueue = "${workflows}" AND (${types.join(' OR ')})${isOpen}`;
}

/** @throws UnavailableError when the server can't be reached */
export async function openVisibility(config: TemporalConfig): Promise<Visibility> {
  const connection = Connection.lazy({
    ...connectionOptions(config),
    connectTimeout: config.deadlineSeconds * 1_000,
  });
  try {
    await connection.ensureConnected();
  } catch (error) {
    throw unreachable(config, error);
  }
  const client = new Client({ connection, namespace: config.namespace });
  return {
    list: async (query, limit) => {
      const rows: WorkflowRow[] = [];
      try {
        const until = Date.now() + config.deadlineSeconds * 1_000;
        await connection.withDeadline(until, async () => {
          for await (const info of client.workflow.list({ query, pageSize: Math.min(limit, 1_000) })) {
            rows.push(rowOf(info));
            if (rows.length >= limit) break;
          }
        });
      } catch (error) {
        throw unavailable(config, 'list workflows', error);
      }
      return rows;
    },
    close: () => connection.close(),
  };
}

const HF_STATE = defineSearchAttributeKey('HfState', 'KEYWORD');
const HF_TEMPLATE = defineSearchAttributeKey('HfTemplate', 'KEYWORD');
const HF_COUNT = defineSearchAttributeKey('HfCount', 'INT');

function rowOf({
  workflowId,
  type,
  status,
  typedSearchAttributes: attributes,
}: WorkflowExecutionInfo): WorkflowRow {
  const open = status.name === 'RUNNING';
  const ended = status.name.toLowerCase();
  return {
    id: workflowId,
    kind: type === WORKFLOW.return ? 'return' : workflowId.startsWith('own-') ? 'adopter' : 'request',
    state: open ? (attributes.get(HF_STATE) ?? ended) : ended,
    open,
    template: attributes.get(HF_TEMPLATE) ?? '',
    count: attributes.get(HF_COUNT) ?? 0,
  };
}
