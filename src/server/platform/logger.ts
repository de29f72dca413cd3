import 'server-only'
import pino, { type Logger } from 'pino'
import { openLog } from './open-log.ts'

export type { Logger }

/**
 * Logs JSON lines to a file, or to standard output. SIGHUP reopens the file. Callers never log secrets, signatures or callback bodies; redaction by path is the second
 * line of defence.
 */
export function createLogger(level: string, file?: string): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ['*.authorization', '*.token', '*.secret', '*.signature', '*.password', '*.headers', '*.databaseUrl'],
      censor: '[redacted]',
    },
  }
  if (level === 'silent') return pino(options)
  if (file === undefined)
    return pino(
      options,
      openLog(undefined, () => undefined),
    )
  const log = openLog(file, (code) => {
    process.stderr.write(`The log ${file} cannot be written (${code}). Lines are lost.\n`)
  })
  process.on('SIGHUP', log.reopen)
  return pino(options, log)
}
