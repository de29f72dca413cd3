import 'server-only'
import pg from 'pg'

/**
 * SQL as tagged templates, every value a parameter. A Prisma client or transaction is one, and so is a connection of the
 * same pool without Prisma around it, which is what the paths that run most often use (ADR 009).
 */
export interface Statements {
  /** Rows as objects: bigint for int8, Date for timestamptz. The caller parses them. */
  $queryRaw(text: TemplateStringsArray, ...values: unknown[]): PromiseLike<unknown>
  /** The number of rows written. */
  $executeRaw(text: TemplateStringsArray, ...values: unknown[]): PromiseLike<number>
}

export interface DirectDatabase extends Statements {
  /**
   * One connection for statements that commit themselves, each. Those that need not be waited for go in one write; none may be under
   * way when `work` ends.
   */
  together<Result>(work: (sql: Statements) => Promise<Result>): Promise<Result>
  /**
   * Commits what `work` did when it resolves; when it throws, nothing of it happened. Statements are carried out in the order
   * they are sent: one that does not need another's answer need not be awaited before the next, but before `work` ends.
   */
  transaction<Result>(work: (tx: Statements) => Promise<Result>): Promise<Result>
}

/** The results of all, or the first failure, once none of them is under way: nothing may be sent after a ROLLBACK. */
export async function allDone<const All extends readonly Promise<unknown>[]>(
  all: All,
): Promise<{ -readonly [Index in keyof All]: Awaited<All[Index]> }> {
  await Promise.allSettled(all)
  return Promise.all(all)
}

/** The pool's connections, used without Prisma. */
export function directDatabase(pool: pg.Pool, nameOf: (query: { readonly sql: string }) => string): DirectDatabase {
  /** `work` calls `discard` for a connection that nobody may use again. */
  const onConnection = async <Result>(
    work: (client: pg.PoolClient, discard: () => void) => Promise<Result>,
  ): Promise<Result> => {
    const client = await pool.connect()
    // The pool listens to idle connections only. One that is cut between two statements fails the next of them; without a
    // listener it would end the process.
    const ignore = () => undefined
    client.on('error', ignore)
    let discarded = false
    try {
      return await work(client, () => {
        discarded = true
      })
    } finally {
      client.release(discarded)
      client.off('error', ignore)
    }
  }
  return {
    ...statementsOf(pool, nameOf),
    together: (work) => onConnection((client) => work(statementsOf(client, nameOf))),
    transaction: (work) =>
      onConnection(async (client, discard) => {
        try {
          // Sent with the first statement, not before it. Where BEGIN fails, the connection has, and nothing after it happens.
          const begun = client.query('BEGIN')
          const [result] = await allDone([work(statementsOf(client, nameOf)), begun])
          await client.query('COMMIT')
          return result
        } catch (error) {
          // Where not even this works, the connection is closed, which PostgreSQL takes for a rollback.
          await client.query('ROLLBACK').catch(discard)
          throw error
        }
      }),
  }
}

function statementsOf(
  connection: Pick<pg.ClientBase, 'query'>,
  nameOf: (query: { readonly sql: string }) => string,
): Statements {
  const run = (strings: TemplateStringsArray, values: unknown[]) => {
    const text = numbered(strings)
    return connection.query<object>({ name: nameOf({ sql: text }), text, values, types: TYPES })
  }
  return {
    $queryRaw: async (strings, ...values) => (await run(strings, values)).rows,
    $executeRaw: async (strings, ...values) => (await run(strings, values)).rowCount ?? 0,
  }
}

const texts = new WeakMap<TemplateStringsArray, string>()

/** `$1`, `$2` … where the values stand. A template's strings are one object for its place in the code. */
function numbered(strings: TemplateStringsArray): string {
  const known = texts.get(strings)
  if (known !== undefined) return known
  const text = strings.reduce((sql, part, n) => `${sql}$${n}${part}`)
  texts.set(strings, text)
  return text
}

/** As `pg` reads values, but int8 without loss: run ids are past 2^53 (docs/contract.md, "Run id"). */
const TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === pg.types.builtins.INT8 && format !== 'binary' ? BigInt : pg.types.getTypeParser(oid, format),
}
