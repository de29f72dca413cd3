import { DriverAdapterError } from '@prisma/driver-adapter-utils'

/**
 * An error the engine shows with its text. It gets no SQLSTATE: many of those the engine replaces by a text of its own
 * ("Unique constraint failed"), without what PostgreSQL said about it.
 */
export function shownError(message: string): DriverAdapterError {
  const absent = { detail: undefined, column: undefined, hint: undefined }
  return new DriverAdapterError({ kind: 'postgres', code: 'N/A', severity: 'ERROR', message, ...absent })
}
