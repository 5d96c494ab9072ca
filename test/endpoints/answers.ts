import { readAnswer } from '../../src/core/json-bytes.ts';
import { Row } from '../../src/core/row.ts';
import type { ApiAnswer, JsonValue } from '../../src/core/types.ts';

/** An answer with this response. */
export function answerOf(response: JsonValue): ApiAnswer {
  return readAnswer(new TextEncoder().encode(JSON.stringify({ stat: 'OK', response })));
}

export function rowOf(value: JsonValue): Row {
  return new Row(new TextEncoder().encode(JSON.stringify(value)));
}
