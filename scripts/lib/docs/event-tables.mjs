import { markdownTable } from './markdown-table.mjs';

/** The table of docs/events.md. */
export const eventTables = ({ EVENT_GUIDE }) => ({
  events: markdownTable(
    ['type', 'meaning', 'fields of its own'],
    Object.entries(EVENT_GUIDE).map(([type, { meaning, fields }]) => [`\`${type}\``, meaning, fields]),
  ),
});
