import 'server-only'
import type { BetterAuthOptions } from 'better-auth'
import { isAPIError } from 'better-auth/api'
import type { Logger } from '~/server/platform/logger'

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

/**
 * The library writes each refusal to the console, and answers 500 to whatever else was thrown. A refusal needs no line; all
 * else goes on to answer-auth, which knows a database that is away.
 */
export function handOn(error: unknown): void {
  if (!isAPIError(error)) throw error
}
