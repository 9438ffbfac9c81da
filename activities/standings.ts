import { Client, QueryRejectedError, WorkflowNotFoundError } from '@temporalio/client';
import { adopterId } from '../domain/shared/ids.ts';
import { QUERY, type MachineStanding } from '../domain/shared/messages.ts';

/** An owner that needs longer is asked again later. */
const ANSWER_MS = 5_000;

/** Asks owners how their machines stand. Both reject when one is too busy, without a worker, or broken. */
export interface Standings {
  /** By the open owner, or else the open adopter; undefined when neither is open. */
  ofOpen(requestId: string, machineIds: readonly string[]): Promise<readonly MachineStanding[] | undefined>;
  /** The open owner knows; else the adopter, who took over from it; else what the owner knew last. */
  ofAny(requestId: string, machineIds: readonly string[]): Promise<readonly MachineStanding[]>;
}

export function createStandings(client: Client): Standings {
  const { connection } = client;
  const { namespace } = client.options;
  const openOnly = new Client({ connection, namespace, workflow: { queryRejectCondition: 'NOT_OPEN' } });

  /** Undefined when the workflow is closed or not there. */
  async function ask(
    asked: Client,
    workflowId: string,
    machineIds: readonly string[],
  ): Promise<readonly MachineStanding[] | undefined> {
    try {
      return await connection.withDeadline(Date.now() + ANSWER_MS, () =>
        asked.workflow
          .getHandle(workflowId)
          .query<MachineStanding[], [readonly string[]]>(QUERY.standing, machineIds),
      );
    } catch (error) {
      if (error instanceof WorkflowNotFoundError || error instanceof QueryRejectedError) return undefined;
      throw error;
    }
  }

  return {
    ofOpen: async (requestId, machineIds) =>
      (await ask(openOnly, requestId, machineIds)) ?? ask(openOnly, adopterId(requestId), machineIds),

    async ofAny(requestId, machineIds) {
      const open = await ask(openOnly, requestId, machineIds);
      if (open) return open;
      const adopted = await ask(client, adopterId(requestId), machineIds);
      if (adopted && !adopted.includes('unknown')) return adopted;
      const closed = await ask(client, requestId, machineIds);
      return machineIds.map((_, index) => {
        const standing = adopted?.[index];
        return (standing === 'unknown' ? undefined : standing) ?? closed?.[index] ?? 'unknown';
      });
    },
  };
}
