import 'server-only'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { z } from 'zod'
import type { Logger } from '~/server/platform/logger'

const CHANNEL = 'console_changes'

const change = z.object({
  kind: z.enum(['deploy', 'surface', 'freeze', 'approval', 'delivery', 'health']),
  id: z.string(),
})

/** What a committed transaction changed, as the triggers in prisma/migrations/*_changes name it. */
export type Change = z.output<typeof change>

export interface Listener {
  readonly onChange: (change: Change) => void
  /** No change is missed from now until `onLost`. */
  readonly onListening: () => void
  readonly onLost: () => void
}

/** How soon a silently broken connection is noticed. */
const CHECK_MS = 10_000
const RETRY_MS = 1_000

/** Listens for committed changes over one connection, and reconnects when it breaks, until the signal aborts. */
export async function listen(
  databaseUrl: string,
  logger: Logger,
  listener: Listener,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await listenOnce(databaseUrl, listener, signal).catch((err: unknown) =>
      logger.warn({ err }, 'the connection for database notices failed; windows poll until it is back'),
    )
    await pause(RETRY_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** Settles or throws when the connection ends. */
async function listenOnce(databaseUrl: string, listener: Listener, signal: AbortSignal): Promise<void> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'deploy-console-live',
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
    keepAlive: true,
  })
  const ended = new Promise<never>((_, reject) => {
    client.on('error', reject)
    client.on('end', () => reject(new Error('The connection ended.')))
  })
  ended.catch(() => undefined)
  client.on('notification', ({ payload }) => {
    const parsed = change.safeParse(JSON.parse(payload ?? 'null'))
    // A newer version of the console may send other kinds.
    if (parsed.success) listener.onChange(parsed.data)
  })
  try {
    await client.connect()
    await client.query(`LISTEN ${CHANNEL}`)
    listener.onListening()
    while (!signal.aborted) {
      await Promise.race([pause(CHECK_MS, undefined, { signal }).catch(() => undefined), ended])
      if (!signal.aborted) await client.query('SELECT 1')
    }
  } finally {
    listener.onLost()
    await client.end().catch(() => undefined)
  }
}
