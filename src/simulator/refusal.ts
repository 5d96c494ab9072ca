/** An answer of Duo that says no; the HTTP status is the first three digits of the code. */
export class Refusal extends Error {
  readonly code: number;
  readonly detail: string | undefined;

  constructor(code: number, detail?: string) {
    super(messages[code] ?? 'Unknown');
    this.code = code;
    this.detail = detail;
  }

  get status(): number {
    return Math.floor(this.code / 100);
  }

  /** `{"stat":"FAIL",…}` as Duo writes it (Admin API documentation, "Response Format"). */
  get body(): string {
    const { code, message, detail } = this;
    return JSON.stringify({
      stat: 'FAIL',
      code,
      message,
      ...(detail === undefined ? {} : { message_detail: detail }),
    });
  }
}

const messages: Readonly<Record<number, string>> = {
  40000: 'Bad request',
  40001: 'Missing required request parameters',
  40002: 'Invalid request parameters',
  40101: 'Missing request credentials',
  40102: 'Invalid integration key in request credentials',
  40103: 'Invalid signature in request credentials',
  40105: 'Bad request timestamp',
  40301: 'Access forbidden',
  40401: 'Resource not found',
  40501: 'Method not allowed',
  42100: 'Misdirected request',
  42901: 'Too Many Requests',
  50001: 'Unknown internal server error',
};
