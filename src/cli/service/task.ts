import { win32 } from 'node:path';
import { serviceSentence, type ServiceTarget } from './target.ts';
import { windowsWord } from './shawl.ts';
import { element, type Xml, xmlText } from './xml.ts';

/** The well-known account NETWORK SERVICE, whatever its name is in the language of the machine. */
export const networkService = 'S-1-5-20';

/**
 * A task of Task Scheduler 1.2 (MS-TSCH 2.5): starts with the machine, and every five minutes when it does not
 * run, because "restart on failure" does not count a program's exit code. No time limit: the default
 * ends a task after three days. No encoding is named, because schtasks refuses one that differs from its own.
 */
export function taskXml(target: ServiceTarget): string {
  const root: Xml = {
    name: 'Task',
    attributes: {
      version: '1.2',
      xmlns: 'http://schemas.microsoft.com/windows/2004/02/mit/task',
    },
    content: [
      element('RegistrationInfo', [element('Description', serviceSentence)]),
      element('Triggers', [
        element('BootTrigger', [
          element('Enabled', 'true'),
          element('Repetition', [
            element('Interval', 'PT5M'),
            element('StopAtDurationEnd', 'false'),
          ]),
        ]),
      ]),
      element('Principals', [
        {
          name: 'Principal',
          attributes: { id: 'Author' },
          content: [element('UserId', networkService), element('RunLevel', 'LeastPrivilege')],
        },
      ]),
      element(
        'Settings',
        settings.map(([name, value]) => element(name, value)),
      ),
      { name: 'Actions', attributes: { Context: 'Author' }, content: [action(target)] },
    ],
  };
  return `<?xml version="1.0"?>\n${xmlText(root)}`;
}

const settings: readonly (readonly [string, string | Xml[]])[] = [
  ['MultipleInstancesPolicy', 'IgnoreNew'],
  ['DisallowStartIfOnBatteries', 'false'],
  ['StopIfGoingOnBatteries', 'false'],
  ['AllowHardTerminate', 'true'],
  ['StartWhenAvailable', 'true'],
  ['RunOnlyIfNetworkAvailable', 'false'],
  ['AllowStartOnDemand', 'true'],
  ['Enabled', 'true'],
  ['Hidden', 'false'],
  ['RunOnlyIfIdle', 'false'],
  ['WakeToRun', 'false'],
  ['ExecutionTimeLimit', 'PT0S'],
  // As an ordinary program; a task's own default is below that.
  ['Priority', '5'],
  ['RestartOnFailure', [element('Interval', 'PT1M'), element('Count', '3')]],
];

function action({ node, script, config }: ServiceTarget): Xml {
  return element('Exec', [
    element('Command', node),
    element('Arguments', [script, 'run', config].map(windowsWord).join(' ')),
    element('WorkingDirectory', win32.dirname(config)),
  ]);
}
