import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { z } from 'zod'
import { type Secret, secretsIn } from '~test/support/secrets-in-use'

export const filesBelow = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))

/** Every row of every table, as `schema.table {…}`. */
export async function databaseRows(databaseUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const tables = await client.query<{ name: string }>(
      `SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables
       WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'`,
    )
    const rows: string[] = []
    for (const { name } of tables.rows) {
      const { rows: found } = await client.query(`SELECT to_jsonb(t)::text AS row FROM ${name} t`)
      const texts = z.array(z.object({ row: z.string() })).parse(found)
      rows.push(...texts.map(({ row }) => `${name} ${row}`))
    }
    return rows
  } finally {
    await client.end()
  }
}

/** Files of DATA_DIR that hold a secret, by relative path. PostgreSQL's own files are checked as rows. */
export const leakingFiles = (dataDir: string, secrets: readonly Secret[]): string[] =>
  filesBelow(dataDir)
    .filter((file) => !file.includes('/postgres/cluster/'))
    .filter((file) => secretsIn(readFileSync(file, 'latin1'), secrets).length > 0)
    .map((file) => path.relative(dataDir, file))
    .toSorted()
