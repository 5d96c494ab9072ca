import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../src/endpoints/endpoint.ts';
import { endpoints } from '../../src/endpoints/index.ts';
import type { FormatterType } from '../../src/formatters/formatter.ts';
import { formatters } from '../../src/formatters/index.ts';
import { account, child, eventOf, options, origin, textOf } from '../formatters/events.ts';

const profiles = Object.values<Endpoint>(endpoints).map(({ profile }) => profile);
const row = fc.oneof(
  fc.json({ stringUnit: 'binary' }),
  fc
    .dictionary(
      fc.constantFrom('action', 'user', 'ts', 'phone', 'username', 'host', 'eventtype', 'object'),
      fc.jsonValue({ stringUnit: 'binary', maxDepth: 2 }),
    )
    .map((value) => JSON.stringify(value)),
);

describe.each(Object.entries<FormatterType>(formatters))('Format %s', (name, type) => {
  it('is named as in the config file', () => {
    expect(name).toMatch(/^[A-Z][A-Z0-9_]*$/);
  });

  it('says in one line what it is', () => {
    expect(type.summary, `${name} has no summary`).toMatch(/^[^\n]{20,100}[^.]$/);
  });

  it('makes one line of UTF-8 of every event, the same one each time', () => {
    const chosen = fc.constantFrom(...profiles);
    const from = fc.constantFrom(account, child);
    fc.assert(
      fc.property(row, chosen, from, (text, profile, account) => {
        const formatter = type.create(options);
        const line = formatter.format(eventOf(text), { ...origin, account }, profile);
        expect(textOf(line)).not.toMatch(/[\u0000-\u001f\u007f\u0085\u2028\u2029]/);
        expect(line.length).toBeGreaterThan(0);
        const again = type.create(options).format(eventOf(text), { ...origin, account }, profile);
        expect(Buffer.from(again).equals(line)).toBe(true);
      }),
    );
  });

  it('leaves the bytes of the event as they are', () => {
    const event = eventOf('{"action":"é","user":{"name":"a\\nb"}}');
    const before = Buffer.from(event.source);
    for (const profile of profiles) type.create(options).format(event, origin, profile);
    expect(Buffer.from(event.source)).toEqual(before);
  });
});
