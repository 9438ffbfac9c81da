/** The largest history among these workflows, by each measure. */
export async function historiesOf(client, workflowIds) {
  const sizes = await Promise.all(workflowIds.map((id) => historyOf(client, id)));
  const max = (name) => Math.max(...sizes.map((size) => size[name]));
  return { events: max('events'), kilobytes: max('kilobytes'), largestPayload: max('largestPayload') };
}

/** The histories of all runs of one workflow together. */
async function historyOf(client, workflowId) {
  const total = { events: 0, kilobytes: 0, largestPayload: 0 };
  for await (const { runId } of client.workflow.list({ query: `WorkflowId = "${workflowId}"` })) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    total.events += events.length;
    for (const bytes of payloadsIn(events)) {
      total.kilobytes += bytes / 1024;
      total.largestPayload = Math.max(total.largestPayload, bytes / 1024);
    }
  }
  return total;
}

/** The size of every payload in bytes. */
function* payloadsIn(value) {
  if (typeof value !== 'object' || value === null) return;
  if (value.data instanceof Uint8Array && 'metadata' in value) yield value.data.length;
  else if (!(value instanceof Uint8Array)) for (const each of Object.values(value)) yield* payloadsIn(each);
}
