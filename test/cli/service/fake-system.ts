import type { Ran, System } from '../../../src/cli/service/system.ts';

export interface FakeSystem extends System {
  /** What was run, as one line each; and what was written, removed and made. */
  readonly done: string[];
  readonly written: Map<string, string>;
  readonly asked: string[];
}

export interface FakeOptions {
  /** The answer to a command line that begins so; the first that fits counts, else exit code 0. */
  readonly answers?: Readonly<Record<string, Partial<Ran>>>;
  /** What the person answers; undefined: nobody is there. */
  readonly reply?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly execPath?: string;
}

/** A machine that only notes what it is told to do. */
export function fakeSystem(options: FakeOptions = {}): FakeSystem {
  const { answers = {}, reply, files = {}, execPath = '/usr/bin/node' } = options;
  const done: string[] = [];
  const written = new Map<string, string>();
  const asked: string[] = [];
  return {
    done,
    written,
    asked,
    execPath,
    run(argv) {
      const line = argv.join(' ');
      done.push(line);
      const found = Object.keys(answers).find((start) => line.startsWith(start));
      const answer = found === undefined ? {} : answers[found];
      return Promise.resolve({ code: 0, stdout: '', stderr: '', ...answer });
    },
    write(path, text) {
      done.push(`write ${path}`);
      written.set(path, text);
      return Promise.resolve();
    },
    remove(path) {
      done.push(`remove ${path}`);
      return Promise.resolve();
    },
    makeFolder(path) {
      done.push(`make ${path}`);
      return Promise.resolve();
    },
    realpath: (path) => Promise.resolve(files[path]),
    ask:
      reply === undefined
        ? undefined
        : (question) => {
            asked.push(question);
            return Promise.resolve(reply);
          },
  };
}
