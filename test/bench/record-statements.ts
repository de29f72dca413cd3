import pg from 'pg'
import { z } from 'zod'
import type { Statement } from '~test/bench/load'

const sent = z.union([
  z.string().transform((text) => ({ text, values: [], name: undefined })),
  z.object({ text: z.string(), values: z.array(z.unknown()).default([]), name: z.string().optional() }),
])

/**
 * The statements that the product's code sends to PostgreSQL while `work` runs. They are recorded at the driver, so that the
 * yardstick runs the same SQL instead of a copy that could become outdated.
 */
export async function recordStatements(work: () => Promise<unknown>): Promise<Statement[]> {
  const statements: Statement[] = []
  const original = pg.Client.prototype.query
  const recording = function (this: pg.Client, ...args: unknown[]): unknown {
    const { text, values, name } = sent.parse(args[0])
    const given = Array.isArray(args[1]) ? args[1] : values
    statements.push({ text, values: given, ...(name === undefined ? {} : { name }) })
    return Reflect.apply(original, this, args)
  }
  Object.assign(pg.Client.prototype, { query: recording })
  try {
    await work()
  } finally {
    Object.assign(pg.Client.prototype, { query: original })
  }
  return statements
}

/** Without statement names, so that PostgreSQL plans each one anew. */
export const unprepared = (statements: readonly Statement[]): Statement[] =>
  statements.map(({ text, values }) => ({ text, values }))

/** The same statements for another row: replaces whole values, and text within values. */
export function withValues(statements: readonly Statement[], replace: ReadonlyMap<string, string>): Statement[] {
  return statements.map((statement) => ({
    ...statement,
    values: statement.values.map((value) => other(value, replace)),
  }))
}

function other(value: unknown, replace: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') {
    let text = value
    for (const [from, to] of replace) text = text.replaceAll(from, to)
    return text
  }
  if (Array.isArray(value)) return value.map((one) => other(one, replace))
  return value
}
