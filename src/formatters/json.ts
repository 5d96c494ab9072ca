import { pythonJson } from '../core/python-json.ts';
import type { Addition } from '../core/python-members.ts';
import type { EventProfile, Origin } from '../core/types.ts';
import type { FormatOptions, FormatterType } from './formatter.ts';

/** The line that DLS writes, byte for byte: Python's spelling, Duo's order of keys, DLS's keys at the end. */
export const json: FormatterType = {
  summary:
    "One JSON object a line, as DLS writes it: Duo's row with the endpoint's labels at its end",
  create: ({ jsonStyle, jsonAdd }) => ({
    format: ({ source }, origin, profile) =>
      pythonJson(source, jsonStyle, additions(jsonAdd, origin, profile)),
  }),
};

/**
 * What DLS adds: the labels where its client library adds them (not for children), and the child's id.
 * `labels` adds them everywhere. A key that Duo itself sent stays Duo's.
 */
function additions(
  add: FormatOptions['jsonAdd'],
  { account }: Origin,
  { eventType, labelled }: EventProfile,
): Addition[] {
  const added: Addition[] = [];
  if (add === 'labels' || (labelled && account.id === undefined)) {
    added.push(['eventtype', eventType], ['host', account.apiHost.replace(/:\d+$/, '')]);
  }
  if (account.id !== undefined) added.push(['child_account_id', account.id]);
  return added;
}
