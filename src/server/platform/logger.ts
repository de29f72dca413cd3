import 'server-only'
import pino, { type Logger } from 'pino'

export type { Logger }

/**
 * Logs JSON lines to standard output. Callers never log secrets, signatures or callback bodies; redaction by path is the second
 * line of defence.
 */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ['*.authorization', '*.token', '*.secret', '*.signature', '*.password', '*.headers', '*.databaseUrl'],
      censor: '[redacted]',
    },
  })
}
