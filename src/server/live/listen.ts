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

/** The name of what a transaction changed (the triggers of prisma/migrations/*_changes). */
export type Change = z.output<typeof change>

export interface Listener {
  readonly onChange: (change: Change) => void
  /** From here to `onLost`, no change is missed. */
  readonly onListening: () => void
  readonly onLost: () => void
}

/** A connection that was cut off without a word is found out after this. */
const CHECK_MS = 10_000
const RETRY_MS = 1_000

/** Holds one connection that hears of every committed change, and makes another when it breaks, until the signal aborts. */
export async function listen(
  databaseUrl: string,
  logger: Logger,
  listener: Listener,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await hear(databaseUrl, listener, signal).catch((err: unknown) =>
      logger.warn({ err }, 'the database’s notices cannot be heard; windows ask instead until they can'),
    )
    await pause(RETRY_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** Settles, or throws, when the connection is over. */
async function hear(databaseUrl: string, listener: Listener, signal: AbortSignal): Promise<void> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'deploy-console-live',
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
    keepAlive: true,
  })
  const over = new Promise<never>((_, reject) => {
    client.on('error', reject)
    client.on('end', () => reject(new Error('The connection ended.')))
  })
  over.catch(() => undefined)
  client.on('notification', ({ payload }) => {
    const heard = change.safeParse(JSON.parse(payload ?? 'null'))
    // What a newer version of the console says does not concern this one.
    if (heard.success) listener.onChange(heard.data)
  })
  try {
    await client.connect()
    await client.query(`LISTEN ${CHANNEL}`)
    listener.onListening()
    while (!signal.aborted) {
      await Promise.race([pause(CHECK_MS, undefined, { signal }).catch(() => undefined), over])
      if (!signal.aborted) await client.query('SELECT 1')
    }
  } finally {
    listener.onLost()
    await client.end().catch(() => undefined)
  }
}
