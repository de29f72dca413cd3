import 'server-only'
import type { BetterAuthOptions } from 'better-auth'
import type { Logger } from '~/server/logger'

/**
 * better-auth's messages into our log. Never its further arguments as they are: they may be whole requests or rows. Of an
 * error, what it says.
 */
export function libraryLogger(logger: Logger): NonNullable<BetterAuthOptions['logger']> {
  return {
    level: 'warn',
    disableColors: true,
    log: (level, message, ...rest: unknown[]) => {
      const error = rest.find((part) => part instanceof Error)
      const context = error instanceof Error ? { err: { name: error.name, message: error.message } } : {}
      // A wrong password is the visitor's business, and in the trail.
      if (level === 'error') logger.error(context, `sign-in: ${message}`)
      else logger.debug(context, `sign-in: ${message}`)
    },
  }
}

/** What an endpoint threw: a refusal is the visitor's business; anything else is a fault, and its name and text are logged. */
export function libraryErrors(logger: Logger): (error: unknown) => void {
  return (error) => {
    const { name, message, statusCode } = Object(error)
    const context = { err: { name: String(name), message: String(message) } }
    if (typeof statusCode === 'number' && statusCode < 500) logger.debug(context, 'sign-in: refused')
    else logger.error(context, 'sign-in: failed')
  }
}
