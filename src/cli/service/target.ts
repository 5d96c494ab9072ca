/** What a service is made of on one machine. All paths are absolute. */
export interface ServiceTarget {
  /** The node program and duologsync's main.js. */
  readonly node: string;
  readonly script: string;
  readonly config: string;
  /** Folders outside the usual ones in which the config lets the program write. */
  readonly writable: readonly string[];
  /** The directories of FILE servers, outside the usual folders. */
  readonly archives: readonly ArchiveFolder[];
  /** systemd credentials that the config names, each with the file that holds it. */
  readonly credentials: readonly { readonly name: string; readonly file: string }[];
  /** NODE_EXTRA_CA_CERTS of the shell that asks, which the service would not see. */
  readonly extraCa: string | undefined;
}

export interface ArchiveFolder {
  readonly path: string;
  /** Whether it is there: what an admin has made keeps its rights. */
  readonly exists: boolean;
}

export type ServiceKind = 'systemd' | 'launchd' | 'task' | 'shawl';

/** Of the unit, the plist, the task and the Windows service. */
export const serviceName = 'duologsync';

export const serviceSentence = 'Forwards Cisco Duo logs to SIEMs (duologsync)';

/** Ends for which a restart is no help: wrong usage, no config, no permission, a wrong config. */
export const finalExits = [2, 66, 77, 78] as const;

/** The program gives a delivery under way 25 s at the end; then it may be killed. */
export const stopSeconds = 45;

export const restartSeconds = 10;
