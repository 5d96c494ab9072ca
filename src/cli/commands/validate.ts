import { countProblems, formatProblems, problemsAsJson } from '../../config/issues.ts';
import { loadConfig } from '../../config/load.ts';
import { configPath, hostOf, tell } from '../config-file.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';

/** Tells all problems of a config file at once; nothing is connected to. */
export async function validate(
  given: string | undefined,
  options: { readonly json?: boolean; readonly secrets?: boolean },
  io: Io,
): Promise<ExitCode> {
  const path = configPath(given, io);
  try {
    const { config, problems, text } = await loadConfig(path, {
      ...hostOf(io),
      ...(options.secrets === undefined ? {} : { secrets: options.secrets }),
    });
    const exit = config === undefined ? exitCodes.config : exitCodes.ok;
    if (options.json === true) {
      say(
        io.stdout,
        JSON.stringify(
          { valid: config !== undefined, problems: problemsAsJson(problems, text) },
          null,
          2,
        ),
      );
      return exit;
    }
    if (problems.length > 0) say(io.stderr, formatProblems(problems, text).trimEnd());
    const summary = countProblems(problems);
    if (config === undefined) say(io.stderr, `${path}: ${summary}`);
    else {
      const but = options.secrets === false ? ' (secrets and certificates were not read)' : '';
      say(io.stdout, `${path} is valid: ${summary}${but}`);
    }
    return exit;
  } catch (error) {
    return tell(error, io);
  }
}
