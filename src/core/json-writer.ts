const leastCapacity = 64;

/** Bytes under construction; grows by doubling. Several texts may share its memory, one after the other. */
export class JsonWriter {
  bytes: Buffer;
  length = 0;
  #start = 0;

  /** `expected`: about how many bytes will be written. */
  constructor(expected: number) {
    this.bytes = Buffer.allocUnsafe(Math.max(leastCapacity, expected));
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.#grow(1);
    this.bytes[this.length] = value;
    this.length += 1;
  }

  /** Code units below 0x80 only. */
  ascii(text: string): void {
    if (this.length + text.length > this.bytes.length) this.#grow(text.length);
    for (let i = 0; i < text.length; i += 1) this.bytes[this.length + i] = text.charCodeAt(i);
    this.length += text.length;
  }

  /** Any text, as UTF-8; a lone surrogate becomes U+FFFD. */
  text(text: string): void {
    if (this.length + 3 * text.length > this.bytes.length) this.#grow(3 * text.length);
    this.length += this.bytes.write(text, this.length, 'utf8');
  }

  copy(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    if (this.length + count > this.bytes.length) this.#grow(count);
    // A call to set() costs more than copying a short run here.
    if (count > 32) this.bytes.set(source.subarray(start, end), this.length);
    else for (let i = 0; i < count; i += 1) this.bytes[this.length + i] = source[start + i] ?? 0;
    this.length += count;
  }

  /** Begins the next text; what was written before keeps its bytes. `expected`: about how many it will take. */
  begin(expected: number): void {
    if (this.length + expected > this.bytes.length) {
      this.bytes = Buffer.allocUnsafe(Math.max(this.bytes.length, expected));
      this.length = 0;
    }
    this.#start = this.length;
  }

  /** Makes room for so many more bytes, to be put into `bytes` behind `length`. */
  reserve(count: number): void {
    if (this.length + count > this.bytes.length) this.#grow(count);
  }

  /** The text written so far; shares the memory. */
  written(): Uint8Array {
    const start = this.bytes.byteOffset + this.#start;
    return new Uint8Array(this.bytes.buffer, start, this.length - this.#start);
  }

  #grow(count: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + count));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}
