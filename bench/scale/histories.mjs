/** What the runs of some workflows wrote into Temporal's histories. */
export async function historiesOf(client, workflowIds) {
  const sizes = await Promise.all(workflowIds.map((id) => historyOf(client, id)));
  const most = (name) => Math.max(...sizes.map((size) => size[name]));
  return { events: most('events'), kilobytes: most('kilobytes'), largestPayload: most('largestPayload') };
}

/** Of all runs of one workflow together. */
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

/** Bytes of every payload. */
function* payloadsIn(value) {
  if (typeof value !== 'object' || value === null) return;
  if (value.data instanceof Uint8Array && 'metadata' in value) yield value.data.length;
  else if (!(value instanceof Uint8Array)) for (const each of Object.values(value)) yield* payloadsIn(each);
}
