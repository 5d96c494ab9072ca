import { describe, expect, it } from 'vitest';
import { taskXml } from '../../../src/cli/service/task.ts';
import { byName, type Element, readXml } from '../../helpers/xml.ts';
import { windowsTarget as target } from './targets.ts';

/**
 * MS-TSCH 2.5: which elements may stand in which, as far as the task uses them. In a sequence the order counts;
 * the other types are xs:all, where it does not.
 */
const schema: Readonly<
  Record<string, { readonly sequence?: true; readonly of: readonly string[] }>
> = {
  Task: { of: ['RegistrationInfo', 'Triggers', 'Settings', 'Data', 'Principals', 'Actions'] },
  RegistrationInfo: {
    of: [
      'URI',
      'SecurityDescriptor',
      'Source',
      'Date',
      'Author',
      'Version',
      'Description',
      'Documentation',
    ],
  },
  Triggers: { of: ['BootTrigger', 'TimeTrigger'] },
  BootTrigger: {
    sequence: true,
    of: ['Enabled', 'StartBoundary', 'EndBoundary', 'Repetition', 'ExecutionTimeLimit', 'Delay'],
  },
  Repetition: { of: ['Interval', 'Duration', 'StopAtDurationEnd'] },
  Principals: { sequence: true, of: ['Principal'] },
  Principal: { of: ['UserId', 'LogonType', 'GroupId', 'DisplayName', 'RunLevel'] },
  Settings: {
    of: [
      ...['AllowStartOnDemand', 'RestartOnFailure', 'MultipleInstancesPolicy'],
      ...['DisallowStartIfOnBatteries', 'StopIfGoingOnBatteries', 'AllowHardTerminate'],
      ...['StartWhenAvailable', 'NetworkProfileName', 'RunOnlyIfNetworkAvailable', 'WakeToRun'],
      ...['Enabled', 'Hidden', 'DeleteExpiredTaskAfter', 'IdleSettings', 'NetworkSettings'],
      ...['ExecutionTimeLimit', 'Priority', 'RunOnlyIfIdle'],
    ],
  },
  RestartOnFailure: { of: ['Interval', 'Count'] },
  Actions: { sequence: true, of: ['Exec'] },
  Exec: { of: ['Command', 'Arguments', 'WorkingDirectory'] },
};

function complaints(element: Element): string[] {
  const { name, children } = element;
  const rule = schema[name];
  if (rule === undefined) return children.length === 0 ? [] : [`${name} holds elements`];
  const names = children.map((child) => child.name);
  const wrong = names
    .filter((child) => !rule.of.includes(child))
    .map((child) => `${child} in ${name}`);
  const places = names.map((child) => rule.of.indexOf(child));
  if (rule.sequence && places.some((place, at) => at > 0 && place < (places[at - 1] ?? 0)))
    wrong.push(`${name} holds ${names.join()} in a wrong order`);
  return [...wrong, ...children.flatMap(complaints)];
}

const root = readXml(taskXml(target));
const parts = byName(root);
const part = (name: string): Element => {
  const found = parts[name];
  if (found === undefined) throw new Error(`the task has no ${name}`);
  return found;
};

describe('the task for Task Scheduler', () => {
  it('holds what the schema allows, each thing once and in its order', () => {
    expect(root.name).toBe('Task');
    expect(root.attributes).toEqual({
      version: '1.2',
      xmlns: 'http://schemas.microsoft.com/windows/2004/02/mit/task',
    });
    expect(complaints(root)).toEqual([]);
  });

  it('starts the program by whole paths, and quotes what has spaces', () => {
    const exec = byName(part('Actions').children[0] ?? root);
    expect(exec['Command']?.text).toBe(target.node);
    expect(exec['Arguments']?.text).toBe(`"${target.script}" run ${target.config}`);
    expect(exec['WorkingDirectory']?.text).toBe('C:\\ProgramData\\duologsync');
  });

  it('runs for ever, once at a time, and comes back after any end', () => {
    const settings = byName(part('Settings'));
    expect(settings['ExecutionTimeLimit']?.text).toBe('PT0S');
    expect(settings['MultipleInstancesPolicy']?.text).toBe('IgnoreNew');
    expect(settings['StopIfGoingOnBatteries']?.text).toBe('false');
    const boot = byName(part('Triggers').children[0] ?? root);
    const repetition = boot['Repetition'];
    expect(repetition && byName(repetition)['Interval']?.text).toBe('PT5M');
    expect(repetition && byName(repetition)['Duration']).toBeUndefined();
  });

  it('runs as NETWORK SERVICE in every language', () => {
    const principal = byName(part('Principals').children[0] ?? root);
    expect(principal['UserId']?.text).toBe('S-1-5-20');
  });

  it('is ASCII and names no encoding, so that it can be saved in any', () => {
    const odd = taskXml({ ...target, config: 'C:\\Größe & <x>\\config.yml' });
    expect(odd).toMatch(/^<\?xml version="1.0"\?>\n/);
    expect(odd).toMatch(/^[\n\x20-\x7e]*$/);
    const exec = byName(byName(readXml(odd))['Actions']?.children[0] ?? root);
    expect(exec['Arguments']?.text).toContain('"C:\\Größe & <x>\\config.yml"');
  });
});
