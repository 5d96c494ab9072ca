import type { EventProfile } from '../core/types.ts';
import type { Endpoint } from './endpoint.ts';
import { at, inside, text, timeAt, wordAt } from './facts.ts';
import { v1Log } from './v1-log.ts';

const profile: EventProfile = {
  eventType: 'offline_enrollment',
  labelled: false,
  classify: (body) => {
    const action = wordAt(body, 'action');
    return {
      id: `offline.${action || 'unknown'}`,
      name: `Duo ${action === '' ? 'offline action' : action.replaceAll('_', ' ')}`,
      severity: 4,
    };
  },
  facts: [
    { means: 'time', read: timeAt('isotimestamp', 'timestamp') },
    { means: 'action', read: at('action') },
    { means: 'clientHost', read: inside('description', 'hostname') },
    { means: 'actor', read: at('username') },
    { means: 'application', read: at('object') },
    { means: 'clientSoftware', read: inside('description', 'user_agent') },
    { means: 'message', read: at('description') },
    { means: text(3, 'factor'), read: inside('description', 'factor') },
  ],
};

/** Who set up sign-in without a network. */
export const offline_enrollment: Endpoint = {
  ...v1Log,
  summary: 'Offline enrollment log: who may sign in to Windows or macOS without a network',
  profile,
  path: '/admin/v1/logs/offline_enrollment',
};
