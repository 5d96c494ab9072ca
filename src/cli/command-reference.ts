import type { Argument, Command, Option } from 'commander';
import { createProgram } from './program.ts';
import { processIo } from './io.ts';

/** docs/commands.md: every command with its arguments and options, from the tree that also makes the help. */
export function commandsPage(): string {
  const program = createProgram(processIo, () => undefined);
  const commands = program.commands.flatMap((command) => withInner(command, program.name()));
  return `${[
    '# Commands',
    '',
    '<!-- Generated from the commands in src/cli by `npm run docs`. Do not edit. -->',
    '',
    '`duologsync CONFIG` is `duologsync run CONFIG`. Where a config is left out it is `$DUOLOGSYNC_CONFIG`, else the',
    'place that the [README](../README.md) names. `duologsync COMMAND --help` prints what stands here. What the exit codes mean:',
    '[operations](operations.md#exit-codes).',
    '',
    'Commands for the running program (`status` to `stop`) find it by the config alone; they work for the user that runs',
    'it, and for root. What `pause`, `interval` and `maxcount` set is forgotten when the program ends.',
    '',
    '| command | what it does |',
    '|---|---|',
    ...commands.map(({ name, command }) => {
      return `| [\`${name}\`](#${anchor(name)}) | ${cell(command.description())} |`;
    }),
    '',
    ...commands.flatMap(section),
  ].join('\n')}`;
}

interface Named {
  readonly name: string;
  readonly command: Command;
}

/** A group is not a command of its own. */
function withInner(command: Command, before: string): readonly Named[] {
  const name = `${before} ${command.name()}`;
  if (command.commands.length === 0) return [{ name, command }];
  return command.commands.flatMap((inner) => withInner(inner, name));
}

function section({ name, command }: Named): string[] {
  const given = command.registeredArguments;
  const options = command.options.filter(({ hidden }) => !hidden);
  const usage = [...given.map(argumentText), ...(options.length === 0 ? [] : ['[options]'])];
  const rows = [...given.map(argumentRow), ...options.map(optionRow)];
  return [
    `## ${name}`,
    '',
    `\`${[name, ...usage].join(' ')}\`: ${command.description()}`,
    '',
    ...(rows.length === 0 ? [] : ['| | |', '|---|---|', ...rows, '']),
  ];
}

function argumentText(argument: Argument): string {
  return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
}

function argumentRow(argument: Argument): string {
  return `| \`${argumentText(argument)}\` | ${cell(argument.description)} |`;
}

function optionRow({ flags, description }: Option): string {
  return `| \`${flags}\` | ${cell(description)} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

/** As the usual web pages for Markdown make it. */
function anchor(name: string): string {
  return name.toLowerCase().replaceAll(' ', '-');
}
