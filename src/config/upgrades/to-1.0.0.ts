import { isSeq, YAMLSeq } from 'yaml';
import type { Node } from 'yaml';
import { resolvePlain } from '../yaml-scalars.ts';
import {
  addComments,
  asSection,
  commentsOf,
  entryOf,
  hasValue,
  insertAfter,
  newEntry,
  newSection,
  plain,
  quoted,
  remove,
  rename,
  sectionOf,
  setText,
  textOf,
} from './yaml-edit.ts';
import type { Entry, Section } from './yaml-edit.ts';

/** Tells a person what was done: a word such as `moved`, and what. Values of secrets are never in it. */
export type Tell = (
  word: 'moved' | 'changed' | 'added' | 'dropped' | 'warning',
  what: string,
) => void;

const serverId = 'Server 1';

/**
 * From the format before versions (DLS 1.x) to 1.0.0, in place. Sections are renamed where they stand, so
 * that order and comments stay; what is not known is left for the validation to tell.
 */
export function upgradeTo1(root: Section, tell: Tell): void {
  const logs = takeSection(root, 'logs', 'dls_settings', tell);
  const account = takeSection(root, 'duoclient', 'account', tell);
  const endpoints = takeEndpoints(logs);
  upgradeAccount(root, account, endpoints, tell);
  upgradeServer(root, tell);
  upgradeSettings(root, logs, tell);
  addVersion(root, tell);
}

/** Renames a top-level section; undefined when the file has none, or has the new one already. */
function takeSection(root: Section, from: string, to: string, tell: Tell): Section | undefined {
  const entry = entryOf(root, from);
  if (entry === undefined) return undefined;
  if (entryOf(root, to) !== undefined) {
    tell('warning', `${from} is left as it is, because the file has ${to} too`);
    return undefined;
  }
  rename(entry, to);
  return makeSection(entry);
}

function makeSection(entry: Entry): Section {
  const section = asSection(entry.value) ?? newSection();
  entry.value = section;
  return section;
}

interface Endpoints {
  readonly list: Node;
  readonly comments: readonly string[];
}

function takeEndpoints(logs: Section | undefined): Endpoints | undefined {
  const section = entryOf(logs, 'endpoints');
  const enabled = entryOf(asSection(section?.value), 'enabled');
  if (logs === undefined || section === undefined || !hasValue(enabled)) return undefined;
  let list = enabled.value;
  const comments = [section.key, asSection(section.value), enabled.key].flatMap((node) =>
    [node?.commentBefore].filter((comment) => typeof comment === 'string'),
  );
  if (list === null) return undefined;
  if (!isSeq(list)) {
    const several = new YAMLSeq();
    several.items.push(list);
    several.flow = true;
    list = several;
  }
  const rest = asSection(section.value);
  if (rest !== undefined) remove(rest, enabled);
  if (rest === undefined || rest.items.length === 0) remove(logs, section);
  return { list, comments };
}

function upgradeAccount(
  root: Section,
  account: Section | undefined,
  endpoints: Endpoints | undefined,
  tell: Tell,
): void {
  for (const key of ['ikey', 'skey'])
    if (entryOf(account, key) !== undefined) tell('moved', `duoclient.${key} → account.${key}`);
  const host = entryOf(account, 'host');
  if (host !== undefined) {
    rename(host, 'hostname');
    tell('moved', 'duoclient.host → account.hostname');
  }
  if (endpoints === undefined) return;
  const target = account ?? sectionOf(root, 'account') ?? newSection();
  if (sectionOf(root, 'account') === undefined) root.items.push(newEntry('account', target));
  const mapping = newSection([
    newEntry('endpoints', endpoints.list),
    newEntry('server', quoted(serverId)),
  ]);
  const mappings = new YAMLSeq();
  mappings.items.push(mapping);
  const entry = newEntry('endpoint_server_mappings', mappings);
  addComments(entry, endpoints.comments);
  target.items.push(entry);
  tell('moved', 'logs.endpoints.enabled → account.endpoint_server_mappings[0].endpoints');
  tell('added', `account.endpoint_server_mappings[0].server: '${serverId}'`);
}

function upgradeServer(root: Section, tell: Tell): void {
  const server = takeSection(root, 'transport', 'servers', tell);
  const entry = entryOf(root, 'servers');
  if (server === undefined || entry === undefined) return;
  for (const key of ['protocol', 'port'])
    if (entryOf(server, key) !== undefined) tell('moved', `transport.${key} → servers[0].${key}`);
  const host = entryOf(server, 'host');
  if (host !== undefined) {
    rename(host, 'hostname');
    tell('moved', 'transport.host → servers[0].hostname');
  }
  certificate(server, tell);
  const id = newEntry('id', quoted(serverId));
  server.items.unshift(id);
  tell('added', `servers[0].id: '${serverId}'`);
  const servers = new YAMLSeq();
  servers.items.push(server);
  if (server.flow === true) servers.flow = true;
  entry.value = servers;
}

function certificate(server: Section, tell: Tell): void {
  const ready = entryOf(server, 'certFilepath');
  const folder = entryOf(server, 'certFileDir');
  const name = entryOf(server, 'certFileName');
  const target = ready ?? folder ?? name;
  if (target === undefined) return;
  const joined = hasValue(ready) ? textOf(ready) : joinPath(valueText(folder), valueText(name));
  const others = [folder, name].filter((entry) => entry !== undefined && entry !== target);
  for (const entry of others) {
    if (entry === undefined) continue;
    addComments(target, commentsOf(entry));
    remove(server, entry);
  }
  if (joined === '') {
    const comments = commentsOf(target);
    remove(server, target);
    if (comments.length > 0) server.comment = [...comments].join('\n');
    tell('dropped', 'transport.certFileDir and certFileName, which are empty');
    return;
  }
  rename(target, 'cert_filepath');
  setText(target, joined);
  const from = ready === undefined ? 'certFileDir and certFileName' : 'certFilepath';
  tell('moved', `transport.${from} → servers[0].cert_filepath: ${joined}`);
}

function valueText(entry: Entry | undefined): string {
  return hasValue(entry) ? textOf(entry) : '';
}

/** Joins as the path itself does: with a backslash where it has one. */
function joinPath(folder: string, name: string): string {
  if (folder === '' || name === '') return folder + name;
  const separator = folder.includes('\\') ? '\\' : '/';
  return /[\\/]$/.test(folder) ? folder + name : folder + separator + name;
}

function upgradeSettings(root: Section, logs: Section | undefined, tell: Tell): void {
  let settings = logs ?? sectionOf(root, 'dls_settings');
  if (settings === undefined) {
    settings = newSection();
    root.items.unshift(newEntry('dls_settings', settings));
  }
  logFile(settings, tell);
  if (entryOf(settings, 'log_format') === undefined) {
    insertAfter(settings, 'log_filepath', newEntry('log_format', quoted('JSON')));
    tell('added', "dls_settings.log_format: 'JSON'");
  }
  polling(settings, tell);
  checkpointing(root, settings, tell);
}

function logFile(settings: Section, tell: Tell): void {
  const folder = entryOf(settings, 'logDir');
  const ready = entryOf(settings, 'logFilepath');
  if (ready !== undefined) {
    rename(ready, 'log_filepath');
    tell('moved', 'logs.logFilepath → dls_settings.log_filepath');
  }
  if (folder === undefined) return;
  if (hasValue(folder) && ready === undefined) {
    const path = joinPath(textOf(folder), 'duologsync.log');
    rename(folder, 'log_filepath');
    setText(folder, path);
    tell('moved', `logs.logDir → dls_settings.log_filepath: ${path}`);
    return;
  }
  if (ready !== undefined) addComments(ready, commentsOf(folder));
  remove(settings, folder);
  tell('dropped', 'logs.logDir, which says nothing more');
}

function polling(settings: Section, tell: Tell): void {
  const entry = entryOf(settings, 'polling');
  if (entry === undefined || entryOf(settings, 'api') !== undefined) return;
  rename(entry, 'api');
  const api = asSection(entry.value);
  const duration = entryOf(api, 'duration');
  const days = entryOf(api, 'daysinpast');
  if (duration !== undefined) {
    rename(duration, 'timeout');
    const minutes = resolvePlain(textOf(duration)).value;
    if (typeof minutes === 'number' && Number.isFinite(minutes)) {
      const seconds = Math.round(minutes * 60 * 1000) / 1000;
      duration.value = Object.assign(plain(String(seconds)), comments(duration.value));
      tell(
        'changed',
        `logs.polling.duration: ${minutes} min → dls_settings.api.timeout: ${seconds} s`,
      );
    } else tell('moved', 'logs.polling.duration → dls_settings.api.timeout, as it is');
  }
  if (days !== undefined) {
    rename(days, 'offset');
    tell('moved', 'logs.polling.daysinpast → dls_settings.api.offset');
  }
}

function comments(node: Node | null): { comment?: string; commentBefore?: string } {
  const { comment, commentBefore } = node ?? {};
  return {
    ...(typeof comment === 'string' ? { comment } : {}),
    ...(typeof commentBefore === 'string' ? { commentBefore } : {}),
  };
}

function checkpointing(root: Section, settings: Section, tell: Tell): void {
  const recover = entryOf(root, 'recoverFromCheckpoint');
  const folder = entryOf(settings, 'checkpointDir');
  if (recover === undefined && folder === undefined) return;
  const entry = recover ?? newEntry('checkpointing', newSection());
  if (recover !== undefined) remove(root, recover);
  rename(entry, 'checkpointing');
  const section = makeSection(entry);
  const enabled = entryOf(section, 'enabled');
  if (enabled !== undefined) {
    tell('moved', 'recoverFromCheckpoint.enabled → dls_settings.checkpointing.enabled');
    if (resolvePlain(textOf(enabled)).value === false)
      tell(
        'warning',
        'checkpointing stays off: each start sends the last `offset` days again; write true to go on where the last run ended',
      );
  }
  if (folder !== undefined) {
    remove(settings, folder);
    rename(folder, 'directory');
    section.items.push(folder);
    tell('moved', 'logs.checkpointDir → dls_settings.checkpointing.directory');
  }
  settings.items.push(entry);
}

/** First of all, but below a comment that a blank line sets off as the file's own. */
function addVersion(root: Section, tell: Tell): void {
  const old = entryOf(root, 'version');
  if (old !== undefined) remove(root, old);
  const version = newEntry('version', quoted('1.0.0'));
  const first = root.items[0];
  const comment = first?.key.commentBefore;
  if (first !== undefined && typeof comment === 'string' && /\n\s*\n/.test(comment)) {
    const at = comment.lastIndexOf('\n\n');
    version.key.commentBefore = comment.slice(0, at);
    first.key.commentBefore = comment.slice(at + 2);
  }
  if (first !== undefined) first.key.spaceBefore = true;
  root.items.unshift(version);
  tell('added', "version: '1.0.0'");
}
