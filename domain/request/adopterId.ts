/** The one workflow that owns machines whose request workflow is closed or lost. */
export const adopterId = (request: string): string => `own-${request}`;
