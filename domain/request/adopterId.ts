/** Workflow id of the adopter, the one owner of a request's machines when its first owner is closed or lost. */
export const adopterId = (request: string): string => `own-${request}`;
