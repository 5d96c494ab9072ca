import { type Additions, PythonWriter } from '../core/python-writer.ts';
import type { Addition } from '../core/python-members.ts';
import type { EventProfile, Origin } from '../core/types.ts';
import type { FormatOptions, FormatterType } from './formatter.ts';

/** The line that DLS writes, byte for byte: Python's spelling, Duo's order of keys, DLS's keys at the end. */
export const json: FormatterType = {
  summary:
    "One JSON object a line, as DLS writes it: Duo's row with the endpoint's labels at its end",
  create: ({ jsonStyle, jsonAdd }) => {
    const writer = new PythonWriter(jsonStyle);
    // The same for every line of a batch.
    let spelled: { origin: Origin; profile: EventProfile; additions: Additions } | undefined;
    return {
      format: ({ source }, origin, profile) => {
        if (spelled?.origin !== origin || spelled.profile !== profile) {
          const additions = writer.spell(additionsOf(jsonAdd, origin, profile));
          spelled = { origin, profile, additions };
        }
        return writer.line(source, spelled.additions);
      },
    };
  },
};

/**
 * What DLS adds: the labels where its client library adds them (not for children), and the child's id.
 * `labels` adds them everywhere. A key that Duo itself sent stays Duo's.
 */
function additionsOf(
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
