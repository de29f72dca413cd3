import 'server-only'
import { setTimeout } from 'node:timers/promises'
import type { Registry } from 'prom-client'
import type { StoredFigure } from '~/server/health/stored-figures.sql'
import { addGauge } from '~/server/platform/metrics'

/** Scrapes within this time share one read, so two scrapers cost as much as one. */
const KEPT_MS = 10_000
/** Prometheus waits ten seconds for a scrape. */
const WAIT_MS = 4_000

interface Figure {
  readonly figure: StoredFigure['figure']
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
}

const FIGURES: readonly Figure[] = [
  {
    figure: 'jobs',
    name: 'deploy_console_jobs',
    help: 'Queued jobs, by task and state: `ready`, `running`, `scheduled` for later, or `failed` for good. At most 10,000 are counted.',
    labels: ['task', 'state'],
  },
  {
    figure: 'job_wait',
    name: 'deploy_console_job_wait_seconds',
    help: 'How long the oldest ready job of a task has waited.',
    labels: ['task'],
  },
  {
    figure: 'deploys',
    name: 'deploy_console_deploys_unfinished',
    help: 'Deploys that have not ended, by environment and status.',
    labels: ['environment', 'status'],
  },
  {
    figure: 'held',
    name: 'deploy_console_surfaces_held',
    help: 'Ended deploys that hold their surface, because their run is not proven to be over.',
    labels: [],
  },
  {
    figure: 'surfaces',
    name: 'deploy_console_surfaces',
    help: 'Declared surfaces, by environment and the health that was seen last.',
    labels: ['environment', 'health'],
  },
  {
    figure: 'probe_age',
    name: 'deploy_console_probe_age_seconds',
    help: 'Time since the surface with the oldest probe was probed, by environment.',
    labels: ['environment'],
  },
  {
    figure: 'unsealed',
    name: 'deploy_console_audit_unsealed_rows',
    help: 'Rows of the audit trail without a seal. At most 10,000 are counted.',
    labels: [],
  },
  {
    figure: 'unsealed_age',
    name: 'deploy_console_audit_unsealed_age_seconds',
    help: 'Age of the oldest row of the audit trail without a seal. Absent if every row is sealed.',
    labels: [],
  },
]

/**
 * Adds the gauges that are read from the database at a scrape. If the database does not answer, their samples are absent, not zero;
 * `deploy_console_database_answers` is then 0.
 */
export function observeStoredFigures(
  registry: Registry,
  read: () => Promise<readonly StoredFigure[]>,
  clock = () => performance.now(),
): void {
  let readAt = Number.NEGATIVE_INFINITY
  let latest: Promise<readonly StoredFigure[] | null> = Promise.resolve(null)
  const figures = () => {
    if (clock() - readAt >= KEPT_MS) {
      readAt = clock()
      // The end of a read that took too long is ignored. A failure is kept as long as an answer.
      latest = Promise.race([read().catch(() => null), setTimeout(WAIT_MS, null, { ref: false })])
    }
    return latest
  }
  for (const { figure, name, help, labels } of FIGURES) {
    addGauge<string>(registry, { name, help, labels }, async (sample) => {
      const rows = (await figures()) ?? []
      for (const row of rows.filter((one) => one.figure === figure)) {
        const values = [row.a, row.b]
        sample(row.value, Object.fromEntries(labels.map((label, index) => [label, values[index] ?? ''])))
      }
    })
  }
  addGauge(
    registry,
    {
      name: 'deploy_console_database_answers',
      help: 'Whether the database answered when the figures were read: 1 or 0. The other figures of the database are absent if not.',
    },
    async (sample) => sample((await figures()) === null ? 0 : 1),
  )
}
