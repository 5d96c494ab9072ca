import { posix } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { files, textOf } from './sources.ts';

/** What each room may import besides core and itself; ARCHITECTURE.md draws the same picture. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  core: [],
  endpoints: [],
  formatters: [],
  sinks: [],
  checkpoint: [],
  'dead-letter': [],
  control: [],
  duo: [],
  status: [],
  metrics: ['status'],
  web: ['metrics', 'status'],
  simulator: [],
  backfill: ['checkpoint', 'engine', 'sinks/sink.ts'],
  config: ['endpoints/index.ts', 'formatters/index.ts', 'sinks/index.ts'],
  engine: [
    'checkpoint/checkpoint.ts',
    'duo/api.ts',
    'endpoints/endpoint.ts',
    'formatters/formatter.ts',
    'sinks/sink.ts',
  ],
  app: [
    'backfill',
    'config',
    'checkpoint',
    'control',
    'dead-letter',
    'duo',
    'endpoints',
    'engine',
    'formatters',
    'sinks',
    'status',
  ],
  cli: [
    'app.ts',
    'controls.ts',
    'client.ts',
    'destinations.ts',
    'backfill',
    'config',
    'checkpoint',
    'control',
    'dead-letter',
    'duo',
    'endpoints',
    'engine',
    'formatters',
    'sinks',
    'simulator',
    'status',
    'web',
  ],
  main: ['cli'],
};
/** Where concrete parts meet. */
const appFiles = [
  'app.ts',
  'aside.ts',
  'backfill-parts.ts',
  'children.ts',
  'client-certificates.ts',
  'client.ts',
  'controls.ts',
  'destinations.ts',
  'feeds.ts',
  'heartbeat-line.ts',
  'heartbeat.ts',
  'query-parts.ts',
  'setup.ts',
  'storage.ts',
  'take-over.ts',
];
/** What may be imported from a package. */
const packages: Readonly<Record<string, readonly string[]>> = {
  yaml: ['config'],
  zod: ['config', 'checkpoint'],
  undici: ['duo'],
  winston: ['core'],
  'p-limit': ['duo', 'engine', 'sinks'],
  commander: ['cli'],
};

function roomOf(path: string): string {
  if (appFiles.includes(path)) return 'app';
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : path.replace(/\.ts$/, '');
}

interface Import {
  readonly from: string;
  readonly to: string;
}

/** Type-only imports and `import()` count too. */
function importsOf(file: string): Import[] {
  const { importedFiles } = ts.preProcessFile(textOf(`src/${file}`), true, true);
  return importedFiles.map(({ fileName }) => {
    const relative = fileName.startsWith('.');
    const to = relative ? posix.join(posix.dirname(file), fileName) : fileName;
    return { from: file, to };
  });
}

function complaint({ from, to }: Import): string | undefined {
  const room = roomOf(from);
  const rule = rooms[room];
  if (rule === undefined) return `src/${from} lies in no room that the table knows`;
  if (to.startsWith('node:')) return undefined;
  if (!to.endsWith('.ts')) {
    return packages[to]?.includes(room) === true
      ? undefined
      : `src/${from} imports the package ${to}: only ${packages[to]?.join(', ') ?? 'nobody'} may`;
  }
  const other = roomOf(to);
  const allowed = other === room || other === 'core' || rule.includes(other) || rule.includes(to);
  if (to.startsWith('..') || !(allowed || (room !== 'app' && to === 'app.ts' && rule.includes(to))))
    return `src/${from} imports src/${to}: ${room} may import only core, itself${rule.map((one) => `, ${one}`).join('')}`;
  return undefined;
}

const sources = files('src/*.ts').map((file) => file.slice('src/'.length));

/** Places in the sources where the syntax tree says so; comments and strings do not count. */
function places(file: string, wanted: (node: ts.Node, source: ts.SourceFile) => boolean): string[] {
  const text = textOf(`src/${file}`);
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (wanted(node, source)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      found.push(`src/${file}:${line + 1}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function uses(name: string): (node: ts.Node, source: ts.SourceFile) => boolean {
  return (node, source) => ts.isPropertyAccessExpression(node) && node.getText(source) === name;
}

const outside = (...allowed: string[]) => sources.filter((f) => !allowed.includes(roomOf(f)));

describe('the rooms', () => {
  it('import only what the table of the architecture lets them', () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.flatMap(importsOf).flatMap((one) => complaint(one) ?? [])).toEqual([]);
  });

  it('are told apart by this very test', () => {
    const wrong = [
      { from: 'engine/feed.ts', to: 'sinks/tcp.ts' },
      { from: 'simulator/world.ts', to: 'duo/sign.ts' },
      { from: 'core/clock.ts', to: 'engine/feed.ts' },
      { from: 'config/load.ts', to: 'endpoints/auth.ts' },
      { from: 'sinks/tcp.ts', to: 'checkpoint/checkpoint.ts' },
      { from: 'sinks/tcp.ts', to: 'yaml' },
      { from: 'app.ts', to: 'cli/io.ts' },
      { from: 'cli/io.ts', to: '../test/helpers/program.ts' },
      { from: 'new-room/file.ts', to: 'core/clock.ts' },
    ];
    for (const one of wrong) expect([one, complaint(one)]).toEqual([one, expect.any(String)]);
    const right = [
      { from: 'engine/feed.ts', to: 'sinks/sink.ts' },
      { from: 'feeds.ts', to: 'app.ts' },
      { from: 'cli/commands/run.ts', to: 'app.ts' },
      { from: 'duo/client.ts', to: 'undici' },
    ];
    for (const one of right) expect([one, complaint(one)]).toEqual([one, undefined]);
  });

  it('leave the environment to the command line and the config', () => {
    expect(outside('cli', 'config').flatMap((f) => places(f, uses('process.env')))).toEqual([]);
  });

  it('take nothing of the process by a way that the tests here do not see', () => {
    const hidden = sources.flatMap(importsOf).filter(({ to }) => /^(node:)?process$/.test(to));
    expect(hidden).toEqual([]);
    const taken = (node: ts.Node): boolean =>
      ts.isVariableDeclaration(node) &&
      ts.isObjectBindingPattern(node.name) &&
      node.initializer !== undefined &&
      ts.isIdentifier(node.initializer) &&
      node.initializer.text === 'process';
    expect(sources.flatMap((file) => places(file, taken))).toEqual([]);
  });

  it('leave the end of the process to the command line', () => {
    expect(outside('cli').flatMap((file) => places(file, uses('process.exit')))).toEqual([]);
  });

  it('keep no state in a module: what changes has an owner with a lifetime', () => {
    const changeable = (node: ts.Node): boolean =>
      ts.isVariableStatement(node) &&
      ts.isSourceFile(node.parent) &&
      (node.declarationList.flags & ts.NodeFlags.Const) === 0;
    expect(sources.flatMap((file) => places(file, changeable))).toEqual([]);
  });

  it('keep no empty collection in a module either', () => {
    const collection = (node: ts.Node): boolean =>
      ts.isNewExpression(node) &&
      ts.isIdentifier(node.expression) &&
      ['Map', 'Set', 'WeakMap', 'WeakSet'].includes(node.expression.text) &&
      (node.arguments ?? []).length === 0 &&
      ts.isVariableDeclaration(node.parent) &&
      ts.isSourceFile(node.parent.parent.parent.parent);
    expect(sources.flatMap((file) => places(file, collection))).toEqual([]);
  });
});
