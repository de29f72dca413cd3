import pg from 'pg'
import type { Deps } from '~/server/deps'

/** Starts to listen. `heard` settles once the database has announced this change. */
export async function nextNotice(
  { config }: Pick<Deps, 'config'>,
  id: string,
): Promise<{ readonly heard: Promise<void> }> {
  const client = new pg.Client({ connectionString: config.databaseUrl })
  await client.connect()
  await client.query('LISTEN console_changes')
  const heard = new Promise<void>((resolve) => {
    client.on('notification', ({ payload }) => {
      if (payload?.includes(id) === true) resolve()
    })
  }).finally(() => client.end())
  return { heard }
}
