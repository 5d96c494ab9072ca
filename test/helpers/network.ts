import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { debianProgram } from '../../scripts/debian.mjs';

/** One of two machines, as far as the network goes: a Linux network namespace with its own loopback. */
export interface Machine {
  readonly address: string;
  /** Runs a program there. */
  spawn(command: string, args: readonly string[]): ChildProcess;
}

/** Two machines and the cable between them. */
export interface Network {
  readonly near: Machine;
  readonly far: Machine;
  /** From now on packets go nowhere, and nobody is told. */
  cut(): void;
  mend(): void;
  remove(): Promise<void>;
}

interface Way {
  /** Begins a namespace. */
  readonly begin: readonly string[];
  /** Goes into the one of that process. */
  enter(pid: number): readonly string[];
}

// A user may do this where user namespaces are allowed, root in a container too; GitHub's runners forbid
// them (AppArmor) and have sudo without a password.
const ways: readonly Way[] = [
  {
    begin: ['unshare', '--map-root-user', '--net'],
    enter: (pid) => ['nsenter', '--preserve-credentials', '--user', '--net', `--target=${pid}`],
  },
  { begin: ['unshare', '--net'], enter: (pid) => ['nsenter', '--net', `--target=${pid}`] },
  {
    begin: ['sudo', '-n', 'unshare', '--net'],
    enter: (pid) => ['sudo', '-n', 'nsenter', '--net', `--target=${pid}`],
  },
];

/** Throws where this machine allows no network namespaces: a test that needs them must not pass without. */
export async function startNetwork(): Promise<Network> {
  const way = ways.find(({ begin }) => works([...begin, 'true']));
  if (way === undefined) {
    throw new Error(
      'Network namespaces are not allowed here. Run as root, allow user namespaces, or give a container --privileged.',
    );
  }
  const near = await Namespace.begin('10.99.0.1', way.begin, way);
  // Inside the first, so that both belong to the same user namespace.
  const within = way === ways[0] ? [...near.prefix, 'unshare', '--net'] : way.begin;
  const far = await Namespace.begin('10.99.0.2', within, way);
  const ip = ipProgram();
  near.run(ip, 'link', 'add', 'near', 'type', 'veth', 'peer', 'name', 'far', 'netns', `${far.pid}`);
  for (const [namespace, device] of [
    [near, 'near'],
    [far, 'far'],
  ] as const) {
    namespace.run(ip, 'address', 'add', `${namespace.address}/24`, 'dev', device);
    for (const name of ['lo', device]) namespace.run(ip, 'link', 'set', name, 'up');
  }
  return {
    near,
    far,
    cut: () => far.run(ip, 'link', 'set', 'far', 'down'),
    mend: () => far.run(ip, 'link', 'set', 'far', 'up'),
    remove: async () => {
      await far.end();
      await near.end();
    },
  };
}

class Namespace implements Machine {
  readonly address: string;
  readonly pid: number;
  readonly prefix: readonly string[];
  readonly #holder: ChildProcess;

  private constructor(address: string, pid: number, way: Way, holder: ChildProcess) {
    this.address = address;
    this.pid = pid;
    this.prefix = way.enter(pid);
    this.#holder = holder;
  }

  /** It lasts as long as a process in it, which ends with its stdin. */
  static async begin(address: string, begin: readonly string[], way: Way): Promise<Namespace> {
    const [command = '', ...args] = [...begin, 'sh', '-c', 'echo $$; exec cat'];
    const holder = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const [said] = (await once(holder.stdout, 'data')) as [Buffer];
    return new Namespace(address, Number(said.toString()), way, holder);
  }

  spawn(command: string, args: readonly string[]): ChildProcess {
    const [first = '', ...rest] = [...this.prefix, command, ...args];
    return spawn(first, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  }

  run(...command: readonly string[]): void {
    const [first = '', ...rest] = [...this.prefix, ...command];
    const { status, stderr } = spawnSync(first, rest, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command.join(' ')} failed: ${stderr}`);
  }

  async end(): Promise<void> {
    const exit = once(this.#holder, 'exit');
    this.#holder.stdin?.end();
    await exit;
  }
}

function works([command = '', ...args]: readonly string[]): boolean {
  return spawnSync(command, args).status === 0;
}

function ipProgram(): string {
  const places = ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip', '/bin/ip'];
  return places.find((path) => existsSync(path)) ?? debianProgram(['iproute2'], 'bin/ip').program;
}
