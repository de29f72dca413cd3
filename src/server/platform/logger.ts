import 'server-only'
import pino, { type DestinationStream, type Logger, type LoggerOptions } from 'pino'
import { logContext } from '~/server/platform/log-context'
import { tracing } from '~/server/platform/tracing'
import { openLog } from './open-log.ts'

export type { Logger }

/**
 * Logs JSON lines to a file, to a stream, or to standard output. SIGHUP reopens the file. Callers never log secrets, signatures or
 * callback bodies; redaction by path is the second line of defence.
 */
export function createLogger(level: string, to?: string | DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: () => {
      const traceId = tracing()?.traceId()
      return traceId === undefined ? { ...logContext() } : { ...logContext(), traceId }
    },
    serializers: { err: describeError },
    redact: {
      paths: ['*.authorization', '*.token', '*.secret', '*.signature', '*.password', '*.headers', '*.databaseUrl'],
      censor: '[redacted]',
    },
  }
  if (level === 'silent') return pino(options)
  if (typeof to === 'object') return pino(options, to)
  if (to === undefined)
    return pino(
      options,
      openLog(undefined, () => undefined),
    )
  const log = openLog(to, (code) => {
    process.stderr.write(`The log ${to} cannot be written (${code}). Lines are lost.\n`)
  })
  process.on('SIGHUP', log.reopen)
  return pino(options, log)
}

/** Errors that say what somebody else did: GitHub refused, a network or a database is away. Our own stack explains none of them. */
const NAMES = /^(HttpError|TimeoutError|PrismaClientInitializationError)$/
const CODES =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EADDRINUSE|UND_ERR_\w+|57P0[1-3]|P10\d\d|P2024|P2028)$/

const isFromOutside = (error: Error): boolean => NAMES.test(error.name) || CODES.test(propertyOf(error, 'code'))

const propertyOf = (error: Error, name: string): string =>
  name in error ? String(Object.getOwnPropertyDescriptor(error, name)?.value ?? '') : ''

/** The stack of an error is logged only if it may show a fault of the console. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const causes = [error, error.cause].filter((one) => one instanceof Error)
  // Our own refusal says in words what its cause is.
  const isRefusal = error.name === 'AppError'
  const judged = isRefusal ? causes.slice(1) : causes
  if (!judged.some(isFromOutside) && !(isRefusal && judged.length === 0)) return pino.stdSerializers.err(error)
  const [code, status] = [
    causes.map((one) => propertyOf(one, 'code')).find((text) => text !== ''),
    propertyOf(error, 'status'),
  ]
  const messages = causes.map(({ message }) => message)
  return {
    type: error.name,
    message: messages.join(': '),
    ...(code === undefined ? {} : { code }),
    ...(status === '' ? {} : { status: Number(status) }),
  }
}
