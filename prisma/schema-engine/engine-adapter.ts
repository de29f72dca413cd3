import { PrismaPg } from '@prisma/adapter-pg'
import type { SqlDriverAdapter, Transaction } from '@prisma/driver-adapter-utils'
import type pg from 'pg'
import { withCharColumns } from './char-columns.ts'
import { type DatabaseAddress, openPool } from './database-connection.ts'
import type { ScriptFiles } from './script-files.ts'

/** adapter-pg, with what the schema engine needs and adapter-pg does not do. */
export async function connectEngineAdapter(address: DatabaseAddress, files: ScriptFiles): Promise<SqlDriverAdapter> {
  const pool = openPool(address)
  const options = { disposeExternalPool: true, ...(address.schema === undefined ? {} : { schema: address.schema }) }
  const adapter = await new PrismaPg(pool, options).connect()
  return {
    provider: adapter.provider,
    adapterName: adapter.adapterName,
    queryRaw: async (query) => withCharColumns(await adapter.queryRaw(query)),
    // `db execute` comes this way: a script again, whose errors deserve PostgreSQL's own words.
    executeRaw: (query) => (query.args.length === 0 ? runScript(pool, query.sql, files) : adapter.executeRaw(query)),
    executeScript: async (script) => {
      await runScript(pool, script, files)
    },
    startTransaction: async (isolation) => withCharColumnsInTransaction(await adapter.startTransaction(isolation)),
    getConnectionInfo: () => adapter.getConnectionInfo(),
    dispose: () => adapter.dispose(),
  }
}

/**
 * Sends a script as a whole, as the native engine does: PostgreSQL splits it and runs it as one transaction. adapter-pg
 * splits it at every semicolon, which cuts function bodies and string literals into pieces.
 */
async function runScript(pool: pg.Pool, script: string, files: ScriptFiles): Promise<number> {
  const client = await pool.connect()
  try {
    const { rowCount } = await client.query(script)
    client.release()
    return rowCount ?? 0
  } catch (error) {
    // A script that opened a transaction of its own leaves the session in it, aborted: roll it back, keep the session
    // (the engine's advisory lock lives there), and let the engine write down the failure.
    const usable = await client.query('ROLLBACK').then(
      () => true,
      () => false,
    )
    client.release(!usable)
    throw files.explain(script, error)
  }
}

function withCharColumnsInTransaction(transaction: Transaction): Transaction {
  return {
    provider: transaction.provider,
    adapterName: transaction.adapterName,
    options: transaction.options,
    queryRaw: async (query) => withCharColumns(await transaction.queryRaw(query)),
    executeRaw: (query) => transaction.executeRaw(query),
    commit: () => transaction.commit(),
    rollback: () => transaction.rollback(),
  }
}
