/** Search attributes of the workflows: name -> Temporal's type. They have to exist in the namespace. */
export const SEARCH_ATTRIBUTES = {
  /** provisioning, settled, returning, returned, cancelled */
  HfState: 'KEYWORD',
  HfTemplate: 'KEYWORD',
  HfProvider: 'KEYWORD',
  /** create or return */
  HfRequestType: 'KEYWORD',
  /** requested or returned machines */
  HfCount: 'INT',
} as const;
