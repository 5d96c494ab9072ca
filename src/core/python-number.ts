/**
 * A JSON number as Python's `json.dumps(json.loads(text))` writes it: integers digit for digit (any size,
 * `-0` → `0`), others as `repr` of the double (`1.50` → `1.5`, `1e5` → `100000.0`, `1e400` → `Infinity`).
 */
export function pythonNumber(text: string): string {
  if (!/[.eE]/.test(text)) return text === '-0' ? '0' : text;
  return pythonFloat(Number(text));
}

/** Python's `repr` of a double: the shortest digits that read back the same, exponents below -4 and from 16 on. */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value))
    return Number.isNaN(value) ? 'NaN' : value < 0 ? '-Infinity' : 'Infinity';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  // Without an argument: as many digits as are needed to tell the double apart (ECMA-262 Number.prototype.toExponential).
  const [mantissa = '0', power = '0'] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits.slice(0, 1)}${fraction}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}
