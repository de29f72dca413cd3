import 'server-only'
import { setTimeout } from 'node:timers/promises'
import { v7 as uuidv7 } from 'uuid'
import type { KindUsage, RateLimit } from '~/domain/github/rate-limit'
import { connectGitHub, digestOfCredentials, type GitHub } from '~/server/github/client'
import { findAnswer, keepAnswer, recordAnswerUse, type StoredAnswer } from '~/server/github/conditional-fetch'
import { addUsage, exchangeRateLimit } from '~/server/github/request-usage'
import { connectRunTokens, type RunTokens } from '~/server/github/run-tokens'
import { createReadiness, type ReadinessCheck } from '~/server/health/check-readiness'
import { createHub, type LiveHub } from '~/server/live/hub'
import { processEnvironment, readServerConfig, type ServerConfig } from '~/server/platform/config'
import { connectDatabase, type Database, type DatabaseHandle } from '~/server/platform/database'
import { readDatabaseTime } from '~/server/platform/database-time.sql'
import { createLargeAnswers, type LargeAnswers } from '~/server/platform/http/large-answers'
import { createRateLimits, type RateLimits } from '~/server/platform/http/rate-limits'
import { addToRate } from '~/server/platform/http/request-rates.sql'
import { createLogger, type Logger } from '~/server/platform/logger'
import { createMetrics, type Metrics } from '~/server/platform/metrics'

/** The dependencies of use cases. Tests build their own, with a real database and a GitHub over HTTP. */
export interface Deps {
  readonly db: Database
  readonly config: ServerConfig
  readonly github: GitHub
  readonly runTokens: RunTokens
  readonly logger: Logger
  readonly metrics: Metrics
  readonly rateLimits: RateLimits
  readonly largeAnswers: LargeAnswers
  readonly live: LiveHub
  readonly readiness: ReadinessCheck
  readonly now: () => Date
  /** The time of the database: one clock for all processes. */
  readonly databaseNow: (db: DatabaseHandle) => Promise<Date>
  /** Waits. Tests replace it together with `now`, so that they need not wait. */
  readonly pause: (ms: number) => Promise<unknown>
  /** UUIDv7, so that ids sort by their time. */
  readonly newId: () => string
}

export function createDeps(config: ServerConfig): Deps {
  const logger = createLogger(config.logLevel, config.logFile === 'off' ? undefined : config.logFile)
  const metrics = createMetrics()
  const db = connectDatabase(config.databaseUrl)
  const now = () => new Date()
  const newId = () => uuidv7()
  const store = {
    find: (key: string) => findAnswer(db, key),
    keep: (key: string, answer: StoredAnswer) => keepAnswer(db, key, answer),
    recordUse: (key: string, at: Date) => recordAnswerUse(db, key, at),
    addUsage: (hour: Date, counts: readonly KindUsage[]) => addUsage(db, hour, counts),
    exchangeRateLimit: (known: RateLimit | null) =>
      exchangeRateLimit(db, digestOfCredentials(config.githubCredentials), known),
  }
  const github = connectGitHub(
    { apiUrl: config.githubApiUrl, credentials: config.githubCredentials },
    logger,
    store,
    metrics,
  )
  return {
    config,
    db,
    github,
    runTokens: connectRunTokens(config),
    logger,
    metrics,
    rateLimits: createRateLimits(config, (key, spentMs) => addToRate(db, key, spentMs)),
    largeAnswers: createLargeAnswers(),
    live: createHub({ db, config, github, logger, metrics, now }),
    readiness: createReadiness({ db, logger, now, newId }),
    now,
    databaseNow: readDatabaseTime,
    pause: (ms) => setTimeout(ms),
    newId,
  }
}

declare global {
  var deployConsoleDeps: Deps | undefined
}

/** The dependencies of this process. On globalThis, because Next loads routes and instrumentation as separate modules. */
export function getDeps(): Deps {
  globalThis.deployConsoleDeps ??= createDeps(readServerConfig(processEnvironment()))
  return globalThis.deployConsoleDeps
}
