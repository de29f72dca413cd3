import 'server-only'
import { z } from 'zod'
import type { DatabaseHandle } from '~/server/platform/database'

/** The names of the migrations that Prisma has fully applied. Empty before the first migration. */
export async function listAppliedMigrations(db: DatabaseHandle): Promise<string[]> {
  const [{ present }] = z
    .tuple([z.object({ present: z.boolean() })])
    .parse(await db.$queryRaw`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS "present"`)
  if (!present) return []
  const rows = await db.$queryRaw`
    SELECT "migration_name" AS "name" FROM "_prisma_migrations"
    WHERE "finished_at" IS NOT NULL AND "rolled_back_at" IS NULL`
  return z
    .array(z.object({ name: z.string() }))
    .parse(rows)
    .map((row) => row.name)
}
