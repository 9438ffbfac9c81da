/** Owners that are spoken to at the same time. */
const MAX_CONCURRENT_OWNER_CALLS = 20;

/** At most `concurrency` at the same time; results in the order of the items. */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  mapper: (item: T) => Promise<R>,
  concurrency = MAX_CONCURRENT_OWNER_CALLS,
): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += concurrency) {
    results.push(...(await Promise.all(items.slice(from, from + concurrency).map(mapper))));
  }
  return results;
}
