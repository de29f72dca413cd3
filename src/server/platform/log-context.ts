import 'server-only'
import { AsyncLocalStorage } from 'node:async_hooks'

/** What each log line says in addition: the request that is answered, or the job that runs. */
export type LogContext = Readonly<Record<string, string>>

declare global {
  var deployConsoleLogContext: AsyncLocalStorage<LogContext> | undefined
}

/** On globalThis, because Next loads routes and instrumentation as separate modules. */
function contexts(): AsyncLocalStorage<LogContext> {
  globalThis.deployConsoleLogContext ??= new AsyncLocalStorage()
  return globalThis.deployConsoleLogContext
}

/** Runs work, and everything that it starts, in this context. */
export const inLogContext = <Result>(context: LogContext, work: () => Result): Result => contexts().run(context, work)

export const logContext = (): LogContext | undefined => contexts().getStore()

/** The id of the request that is answered. Undefined outside of one. */
export const currentRequestId = (): string | undefined => logContext()?.['requestId']
