import 'server-only'
import pino, { type Logger } from 'pino'

export type { Logger }

/**
 * The one logger: JSON lines on standard output. Redacts by path as a second line of defence; the first is that
 * secrets, signatures and callback bodies are never handed to it.
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
