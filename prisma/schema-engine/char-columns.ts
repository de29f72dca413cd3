import { ColumnTypeEnum, type SqlResultSet } from '@prisma/driver-adapter-utils'
import pg from 'pg'

/**
 * The catalogs have columns of PostgreSQL's internal type `"char"`. The schema engine expects them as `Character`, but
 * adapter-pg refuses the type. So they are shown to the adapter as `bpchar`, and named again in its result.
 */
const INTERNAL_CHAR = 18
const BPCHAR = pg.types.builtins.BPCHAR

/** Which columns were `"char"`, by the result's own array of rows, which the adapter hands on as it is. */
const charColumns = new WeakMap<object, readonly number[]>()

/** Makes one connection present `"char"` columns in a way adapter-pg accepts. */
export function noteCharColumns(client: pg.PoolClient): void {
  const query = client.query
  const value = (...args: readonly unknown[]): unknown => {
    const answer: unknown = Reflect.apply(query, client, args.map(alsoNoting))
    return answer instanceof Promise ? answer.then(noted) : answer
  }
  Object.defineProperty(client, 'query', { value })
}

/** The adapter's result with the true type of the columns that were noted. */
export function withCharColumns(result: SqlResultSet): SqlResultSet {
  const columns = charColumns.get(result.rows) ?? []
  if (columns.length === 0) return result
  const columnTypes = result.columnTypes.map((type, i) => (columns.includes(i) ? ColumnTypeEnum.Character : type))
  return { ...result, columnTypes }
}

/** A pool asks its client with a callback as the last argument. */
function alsoNoting(argument: unknown): unknown {
  if (typeof argument !== 'function') return argument
  return (error: unknown, result: unknown): unknown => Reflect.apply(argument, undefined, [error, noted(result)])
}

function noted(result: unknown): unknown {
  if (!isQueryResult(result)) return result
  const columns = result.fields.flatMap((field, i) => (field.dataTypeID === INTERNAL_CHAR ? [i] : []))
  for (const field of result.fields) if (field.dataTypeID === INTERNAL_CHAR) field.dataTypeID = BPCHAR
  if (columns.length > 0) charColumns.set(result.rows, columns)
  return result
}

function isQueryResult(
  result: unknown,
): result is { readonly rows: unknown[]; readonly fields: { dataTypeID: number }[] } {
  return (
    typeof result === 'object' &&
    result !== null &&
    'rows' in result &&
    'fields' in result &&
    Array.isArray(result.rows) &&
    Array.isArray(result.fields)
  )
}
