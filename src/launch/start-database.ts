import path from 'node:path'
import {
  type DatabaseName,
  type DatabaseUrls,
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from './database/embedded-postgres.ts'
import type { Progress } from './progress.ts'
import type { Shutdown } from './shutdown.ts'

/** Starts the embedded database below DATA_DIR. If the database ends by itself, everything else is stopped. */
export async function startDatabase(
  dataDir: string,
  name: DatabaseName,
  logFile: string,
  { progress, shutdown }: { readonly progress: Progress; readonly shutdown: Shutdown },
): Promise<DatabaseUrls> {
  const database = await startEmbeddedPostgres(path.join(dataDir, 'postgres'), name, { logFile })
  let stopping = false
  const stop = () => {
    stopping = true
    return database.stop()
  }
  shutdown.add('database', stop, database.stopAtOnce)
  void database.exited.then((how) => {
    if (!stopping)
      shutdown.ask({ kind: 'failure', message: `The database ended by itself (${how}). Its log: ${logFile}` })
  })
  progress.done(describe(database))
  return database
}

function describe({ port, adopted, movedFromPort }: EmbeddedPostgres): string {
  const moved = movedFromPort === undefined ? '' : ` (port ${movedFromPort}, used before, is taken by another program)`
  const verb = adopted ? 'was still running and is used on' : 'runs on'
  return `The embedded PostgreSQL ${verb} 127.0.0.1:${port}${moved}`
}

/** Records the kind of the database's console before anything else uses it. Throws if the kind is the other one. */
export async function claimDatabaseOf(databaseUrl: string, kind: 'sandbox' | 'github'): Promise<void> {
  // Imported here because they need the Prisma client, which the first start has just generated.
  const { connectDatabase } = await import('~/server/platform/database')
  const { claimDatabase } = await import('~/server/members/manage/claim-database')
  const db = connectDatabase(databaseUrl)
  try {
    await claimDatabase({ db, now: () => new Date() }, kind)
  } finally {
    await db.$disconnect()
  }
}
