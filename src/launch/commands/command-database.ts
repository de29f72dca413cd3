import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Config } from '~/server/platform/config'
import { borrowDatabase } from '../borrow-database.ts'
import { compareMigrations } from '../database-schema.ts'
import { runningDatabaseUrl } from '../embedded-postgres.ts'

/**
 * The database a command works on: DATABASE_URL, or the embedded one under DATA_DIR, whether a console runs on it or not.
 * One that this version's migrations were not applied to is refused.
 */
export async function commandDatabase(config: Config, projectDirectory: string): Promise<string> {
  const url = config.databaseUrl ?? (await embeddedDatabase(config, projectDirectory))
  const { missing } = await compareMigrations(url, path.join(projectDirectory, 'prisma/migrations'))
  if (missing.length > 0) {
    throw new Error(
      `The database lacks ${missing.length} migrations of this version (${missing.join(', ')}). Nothing was done. ` +
        'Start the console once (npm start), which applies them, then run this again.',
    )
  }
  return url
}

async function embeddedDatabase(config: Config, projectDirectory: string): Promise<string> {
  const directory = path.resolve(projectDirectory, config.dataDir, 'postgres')
  if (!existsSync(directory)) {
    throw new Error(
      `There is no database: DATABASE_URL is not set, and there is none in ${directory}. Nothing was done. ` +
        'Start the console once (npm start), or set DATABASE_URL.',
    )
  }
  return (await runningDatabaseUrl(directory)) ?? (await borrowDatabase(projectDirectory))
}
