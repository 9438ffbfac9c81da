import { markdownTable } from './markdown-table.mjs';

/** The tables of docs/errors.md. */
export const errorTables = ({ ERROR_GUIDE, PROVIDER_ERROR_GUIDE }) => ({
  codes: guideTable('code', ERROR_GUIDE),
  kinds: guideTable('kind', PROVIDER_ERROR_GUIDE),
});

const guideTable = (title, guide) =>
  markdownTable(
    [title, 'cause', 'what to do'],
    Object.entries(guide).map(([name, { cause, remedy }]) => [`\`${name}\``, cause, remedy]),
  );
