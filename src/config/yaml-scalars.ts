/** What a plain scalar is to PyYAML's full_load, which DLS reads its config with. */
export type ScalarType = 'text' | 'integer' | 'float' | 'boolean' | 'date' | 'null';

export interface Resolved {
  readonly type: ScalarType;
  readonly value: string | number | boolean | null;
}

// YAML 1.1 (yaml.org/type), with PyYAML's own narrowings: no `y` and `n`, a sign in the exponent is needed.
const truth = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const falsehood = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const nothing = /^(?:~|null|Null|NULL|)$/;
const decimalInteger = /^[-+]?(?:0|[1-9][0-9_]*)$/;
const octal = /^[-+]?0[0-7_]+$/;
const hexadecimal = /^[-+]?0x[0-9a-fA-F_]*[0-9a-fA-F][0-9a-fA-F_]*$/;
const binary = /^[-+]?0b[01_]*[01][01_]*$/;
const sexagesimal =
  /^[-+]?(?:[1-9][0-9_]*(?::[0-5]?[0-9])+|[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)$/;
const decimalFloat =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?)$/;
const infinity = /^[-+]?\.(?:inf|Inf|INF)$/;
const notANumber = /^\.(?:nan|NaN|NAN)$/;
const date =
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}$|^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?$/;

const number = (value: number): Resolved => ({
  type: Number.isInteger(value) ? 'integer' : 'float',
  value,
});

/** Reads a scalar that has neither quotes nor a tag. Dates keep their text as value. */
export function resolvePlain(source: string): Resolved {
  if (nothing.test(source)) return { type: 'null', value: null };
  if (truth.test(source)) return { type: 'boolean', value: true };
  if (falsehood.test(source)) return { type: 'boolean', value: false };
  if (date.test(source)) return { type: 'date', value: source };
  const sign = source.startsWith('-') ? -1 : 1;
  const digits = source.replace(/^[-+]/, '').replaceAll('_', '');
  if (decimalInteger.test(source)) return number(sign * Number(digits));
  if (octal.test(source)) return number(sign * Number.parseInt(digits, 8));
  if (hexadecimal.test(source)) return number(sign * Number.parseInt(digits.slice(2), 16));
  if (binary.test(source)) return number(sign * Number.parseInt(digits.slice(2), 2));
  if (sexagesimal.test(source)) return number(sign * base60(digits));
  if (decimalFloat.test(source)) return { type: 'float', value: sign * Number(digits) };
  if (infinity.test(source)) return { type: 'float', value: sign * Number.POSITIVE_INFINITY };
  if (notANumber.test(source)) return { type: 'float', value: Number.NaN };
  return { type: 'text', value: source };
}

function base60(digits: string): number {
  return digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}
