import { DriverAdapterError } from '@prisma/driver-adapter-utils'

/** An error the engine shows with its text, whatever it is; of any other kind of error it says only that there was one. */
export function shownError(code: string, message: string): DriverAdapterError {
  return new DriverAdapterError({
    kind: 'postgres',
    code,
    severity: 'ERROR',
    message,
    detail: undefined,
    column: undefined,
    hint: undefined,
    originalCode: code,
    originalMessage: message,
  })
}
