import 'server-only'
import { type WorkerState, workerWarning } from '~/domain/worker'
import type { Deps } from '~/server/deps'
import { secondsAhead } from '~/server/health/compare-clocks'
import { proveWritable, readDatabaseState } from '~/server/health/heartbeats.sql'
import { listPending } from '~/server/health/pending-migrations'
import { isDatabaseUnavailable, isWriteRefused } from '~/server/platform/database'
import { readDatabaseTime } from '~/server/platform/database-time.sql'

/** What one look found. What it could not find out is `unknown`. */
export interface Readiness {
  readonly ready: boolean
  /** The server is about to stop, and takes no part in anything new. */
  readonly draining: boolean
  readonly database: 'reachable' | 'unreachable'
  readonly writes: 'accepted' | 'refused' | 'unknown'
  readonly migrations: 'applied' | 'pending' | 'unknown'
  /** Compared with the database's clock. */
  readonly clock: 'in_step' | 'off' | 'unknown'
  readonly worker: WorkerState['state'] | 'unknown'
  /** Sentences about what does not stop this server from answering. */
  readonly warnings: readonly string[]
}

const UNKNOWN: Readiness = {
  ready: false,
  draining: false,
  database: 'unreachable',
  writes: 'unknown',
  migrations: 'unknown',
  clock: 'unknown',
  worker: 'unknown',
  warnings: [],
}

/** A hanging database must not make the answer late. */
const ANSWER_WITHIN_MS = 2_000
/** A busy database answers late, on every server at once. Only a longer silence means that it hangs. */
const SILENT_AFTER_MS = 10_000
/** How long a page waits to learn whether the database answers. A hanging query itself ends after 17 seconds. */
const PAGE_WAITS_MS = 5_000
/** Answers are kept this long, so that no number of checks is a load. */
const KEPT_MS = 1_000
/** How often a successful write is repeated. After a failed one, each look writes. */
const WRITE_EVERY_MS = 10_000

type ReadinessDeps = Pick<Deps, 'db' | 'logger' | 'now' | 'newId'>

export interface ReadinessCheck {
  /** Settles within two seconds. */
  readonly check: () => Promise<Readiness>
  /** Whether the database fails to answer a query now, or within five seconds. Asked before each page, so pages share the query under way. */
  readonly isDatabaseAway: () => Promise<boolean>
  /** From now on the server is not ready, because it is about to stop. */
  readonly drain: () => void
}

/** Whether this process should be sent requests. All askers share one look at a time. */
export function createReadiness(deps: ReadinessDeps, clock = () => performance.now()): ReadinessCheck {
  const look = createLook(deps)
  let draining = false
  let running: Promise<Readiness> | null = null
  let asking: Promise<boolean> | null = null
  let latest: { readonly readiness: Readiness; readonly at: number } | null = null

  const lookOnce = (): Promise<Readiness> => {
    running ??= look().then((readiness) => {
      latest = { readiness, at: clock() }
      running = null
      return readiness
    })
    return running
  }
  const askForPages = async (): Promise<boolean> => {
    try {
      const answered = readDatabaseTime(deps.db).then(() => false)
      return await within(PAGE_WAITS_MS, answered, () => {
        deps.logger.warn('pages are answered 503: the database does not answer in time')
        return true
      })
    } catch (err) {
      // Any other error is the page's to report.
      if (!isDatabaseUnavailable(err)) return false
      deps.logger.warn({ err }, 'pages are answered 503: the database does not answer')
      return true
    }
  }
  return {
    async check() {
      if (draining) return { ...(latest?.readiness ?? UNKNOWN), ready: false, draining }
      if (latest !== null && clock() - latest.at < KEPT_MS) return latest.readiness
      return await within(ANSWER_WITHIN_MS, lookOnce(), () => {
        if (latest?.readiness.ready === true && clock() - latest.at < SILENT_AFTER_MS) return latest.readiness
        deps.logger.warn('not ready: the database does not answer in time')
        return UNKNOWN
      })
    },
    isDatabaseAway() {
      asking ??= askForPages().finally(() => {
        asking = null
      })
      return asking
    },
    drain() {
      draining = true
    },
  }
}

async function within<Value>(ms: number, value: Promise<Value>, otherwise: () => Value): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Value>((resolve) => {
    timer = setTimeout(() => resolve(otherwise()), ms)
  })
  return await Promise.race([value, late]).finally(() => clearTimeout(timer))
}

/** Looks at the database. Never throws. */
function createLook(deps: ReadinessDeps): () => Promise<Readiness> {
  const { db, logger } = deps
  const processId = deps.newId()
  let writtenAt = Number.NEGATIVE_INFINITY

  const tryWrite = async (): Promise<Readiness['writes']> => {
    if (performance.now() - writtenAt < WRITE_EVERY_MS) return 'accepted'
    writtenAt = Number.NEGATIVE_INFINITY
    try {
      await proveWritable(db, processId)
      writtenAt = performance.now()
      return 'accepted'
    } catch (err) {
      // What broke the connection says nothing about writing.
      if (isDatabaseUnavailable(err) && !isWriteRefused(err)) throw err
      logger.warn({ err }, 'not ready: the database accepts no changes')
      return 'refused'
    }
  }

  return async () => {
    try {
      const pending = await listPending(deps)
      if (pending.length > 0) {
        logger.warn({ pending }, 'not ready: migrations are pending')
        return { ...UNKNOWN, database: 'reachable', migrations: 'pending' }
      }
      const askedAt = deps.now().getTime()
      const { now, isReadOnly, worker } = await readDatabaseState(db)
      const aheadOfDatabaseSeconds = secondsAhead({ askedAt, answeredAt: deps.now().getTime(), databaseAt: now })
      const clock = aheadOfDatabaseSeconds === null ? 'in_step' : 'off'
      if (clock === 'off') {
        logger.warn({ aheadOfDatabaseSeconds }, 'not ready: the clocks of this machine and of the database differ')
      }
      if (isReadOnly) logger.warn('not ready: the database is read-only')
      const writes = isReadOnly ? 'refused' : await tryWrite()
      const warning = workerWarning(worker, (iso) => iso)
      return {
        ready: writes === 'accepted' && clock === 'in_step',
        draining: false,
        database: 'reachable',
        writes,
        migrations: 'applied',
        clock,
        worker: worker.state,
        warnings: warning === null ? [] : [warning],
      }
    } catch (err) {
      logger.warn({ err }, 'not ready: the database does not answer')
      return UNKNOWN
    }
  }
}
