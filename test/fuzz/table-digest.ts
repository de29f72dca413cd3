import type { Deps } from '~/server/deps'

/**
 * A digest of every table without the rows that name one of these deploys: it changes when any other row does. It leaves out
 * the queue of the seals, which only holds the numbers of audit rows; those are in the digest themselves.
 */
export async function digestTables(
  db: Deps['db'],
  except: readonly string[],
): Promise<ReadonlyMap<string, { readonly rows: number; readonly digest: string }>> {
  const tables = await db.$queryRaw<{ name: string }[]>`
    SELECT quote_ident(table_name) AS name FROM information_schema.tables
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> 'audit_unsealed' ORDER BY 1`
  const digests = new Map<string, { rows: number; digest: string }>()
  for (const { name } of tables) {
    const [found] = await db.$queryRawUnsafe<{ rows: number; digest: string }[]>(
      `SELECT count(*)::int AS rows, coalesce(md5(string_agg(row, chr(10) ORDER BY row)), '') AS digest
       FROM (SELECT to_jsonb(t)::text AS row FROM ${name} t) AS rows WHERE NOT row ~ $1`,
      except.length === 0 ? '^$' : except.join('|'),
    )
    if (found !== undefined) digests.set(name, found)
  }
  return digests
}
