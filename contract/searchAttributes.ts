/** Custom search attributes with their types in Temporal's SDK; `ohf temporal setup --apply` creates them. */
export const SEARCH_ATTRIBUTES = {
  /** provisioning, settled, returning, returned, cancelled: a cancelled request runs until its machines are terminated. */
  HfState: 'KEYWORD',
  HfTemplate: 'KEYWORD',
  HfProvider: 'KEYWORD',
  /** create or return */
  HfRequestType: 'KEYWORD',
  /** requested units (machines, if the template has no weights), or returned machines */
  HfCount: 'INT',
} as const;
