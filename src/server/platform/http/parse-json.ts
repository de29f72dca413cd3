import 'server-only'
import { z } from 'zod'
import { AppError } from '~/domain/errors'

/** Raw bytes as what the schema says they are. Throws `invalid_input` with every place that does not fit. */
export function parseJson<Schema extends z.ZodType>(raw: Buffer, schema: Schema): z.output<Schema> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw))
  } catch {
    throw new AppError('invalid_input', 'The body is not JSON in UTF-8. Nothing was kept of it.')
  }
  return parseInput(value, schema, 'The body')
}

/** The same for what is parsed already: a query string, a header. `what` opens the sentence. */
export function parseInput<Schema extends z.ZodType>(value: unknown, schema: Schema, what: string): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new AppError('invalid_input', `${what} does not fit: ${z.prettifyError(parsed.error)}`, {
    details: { issues: parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })) },
  })
}
