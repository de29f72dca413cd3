import 'server-only'
import type { Registry } from 'prom-client'
import { RESERVES } from '~/domain/github/rate-limit'
import type { GitHubRateLimit, Purpose } from '~/server/github/rate-limit'
import type { PoolState } from '~/server/platform/database'
import { addGauge } from '~/server/platform/metrics'

interface Observed {
  readonly rateLimit: Pick<GitHubRateLimit, 'latest' | 'pausedUntil'>
  readonly pool: () => PoolState
  readonly openStreams: () => number
  readonly now: () => Date
  readonly version: string
  readonly commit: string | undefined
}

const isPurpose = (name: string): name is Purpose => Object.hasOwn(RESERVES, name)
const PURPOSES = Object.keys(RESERVES).filter(isPurpose)

/** Adds the gauges that are read from this process at a scrape. */
export function observeProcess(
  registry: Registry,
  { rateLimit, pool, openStreams, now, version, commit }: Observed,
): void {
  addGauge<'version' | 'commit'>(
    registry,
    {
      name: 'deploy_console_build_info',
      help: 'Always 1. The labels say what this process runs; an empty commit is not known.',
      labels: ['version', 'commit'],
    },
    (sample) => sample(1, { version, commit: commit ?? '' }),
  )
  addGauge(
    registry,
    { name: 'deploy_console_streams_open', help: 'Open streams of changes, one for each browser.' },
    (sample) => sample(openStreams()),
  )
  addGauge<'state'>(
    registry,
    {
      name: 'deploy_console_database_connections',
      help: 'Connections of this process’s pool: `busy` or `idle`. `waiting`: queries that wait for one.',
      labels: ['state'],
    },
    (sample) => {
      const { total, idle, waiting } = pool()
      sample(total - idle, { state: 'busy' })
      sample(idle, { state: 'idle' })
      sample(waiting, { state: 'waiting' })
    },
  )
  // A rate limit whose hour has ended says nothing about the present one.
  const current = () => {
    const latest = rateLimit.latest()
    return latest === null || latest.resetAt <= now() ? null : latest
  }
  addGauge(
    registry,
    {
      name: 'deploy_console_github_rate_limit',
      help: 'Requests that GitHub allows in the present hour, as GitHub said last. Absent if it has not said.',
    },
    (sample) => {
      const known = current()
      if (known !== null) sample(known.limit)
    },
  )
  addGauge(
    registry,
    {
      name: 'deploy_console_github_rate_limit_remaining',
      help: 'Requests that GitHub still allows in the present hour, as GitHub said last. Absent if it has not said.',
    },
    (sample) => {
      const known = current()
      if (known !== null) sample(known.remaining)
    },
  )
  addGauge<'purpose'>(
    registry,
    {
      name: 'deploy_console_github_paused',
      help: 'Whether requests for a purpose wait for the next hour: 1 or 0. `act` is dispatch and cancel.',
      labels: ['purpose'],
    },
    (sample) => {
      for (const purpose of PURPOSES) sample(rateLimit.pausedUntil(now(), purpose) === null ? 0 : 1, { purpose })
    },
  )
}
