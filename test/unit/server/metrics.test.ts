import { readFileSync } from 'node:fs'
import path from 'node:path'
import { collectDefaultMetrics } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { observeProcess } from '~/server/health/observe-process'
import { observeStoredFigures } from '~/server/health/observe-stored-figures'
import type { StoredFigure } from '~/server/health/stored-figures.sql'
import { ROUTES, routeOf } from '~/server/platform/http/route-patterns'
import { createMetrics } from '~/server/platform/metrics'
import { listPages } from '~test/support/pages'
import { listRoutes } from '~test/support/route-modules'

const root = path.resolve(import.meta.dirname, '../../..')
const contentsOf = (file: string) => readFileSync(path.join(root, file), 'utf8')

const now = new Date('2026-11-29T12:00:00Z')
/** The registry of a process that serves its metrics. */
function wholeRegistry(read: () => Promise<readonly StoredFigure[]> = async () => [], clock = () => 0) {
  const { registry } = createMetrics()
  const latest = { limit: 5000, remaining: 1200, resetAt: now, notedAt: now }
  observeProcess(registry, {
    rateLimit: { latest: () => latest, pausedUntil: (_, purpose) => (purpose === 'background' ? now : null) },
    pool: () => ({ total: 4, idle: 3, waiting: 0 }),
    openStreams: () => 7,
    now: () => now,
    version: '1.2.3',
    commit: undefined,
  })
  observeStoredFigures(registry, read, clock)
  return registry
}

const metricsOf = (text: string) =>
  new Set([...text.matchAll(/\b(?:deploy_console|process|nodejs)_[a-z0-9_]+\b/g)].map(([name]) => name))
/** The samples of a registry, without comments. */
const samplesOf = async (registry: ReturnType<typeof wholeRegistry>) =>
  (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))

describe('metrics', () => {
  it('every metric that an alert or the dashboard names exists', () => {
    const registry = wholeRegistry()
    collectDefaultMetrics({ register: registry })
    const existing = registry.getMetricsAsArray().map(({ name }) => name)
    for (const file of ['deploy/monitoring/alerts.yaml', 'deploy/monitoring/dashboard.json']) {
      const named = [...metricsOf(contentsOf(file))].map((name) => name.replace(/_bucket$/, ''))
      expect(named.length).toBeGreaterThan(10)
      expect(
        named.filter((name) => !existing.includes(name)),
        file,
      ).toEqual([])
    }
    registry.clear()
  })

  it('the page on monitoring lists every metric with its labels, and no other', () => {
    const listed = [...contentsOf('docs/operations/observe.md').matchAll(/^\| `(deploy_console_\w+)` \| ([^|]*)\|/gm)]
    const documented = listed.map(
      ([, name, labels = '']) => `${name} ${[...labels.matchAll(/`(\w+)`/g)].map(([, one]) => one)}`,
    )
    const existing = wholeRegistry().getMetricsAsArray()
    expect(documented.toSorted()).toEqual(
      existing.map((metric) => `${metric.name} ${'labelNames' in metric ? metric.labelNames : ''}`).toSorted(),
    )
  })
})

describe('the route of a request in metrics', () => {
  it('is one of a list that names every route and page of the application', () => {
    const pages = listPages().map((page) => page.replaceAll(/\[(\w+)\]/g, '{$1}'))
    const routes = listRoutes('').map(({ template }) => template.replaceAll(/\[(\.{3}\w+)\]/g, '{$1}'))
    expect([...ROUTES].toSorted()).toEqual(
      [...pages, ...routes.filter((route) => !/\[\{?\.{3}path/.test(route))].toSorted(),
    )
  })

  const procedures = new Set(['deploys.get'])
  it.each([
    ['/', '/'],
    ['/?x=1', '/'],
    ['/surfaces/api-prod', '/surfaces/{id}'],
    ['/surfaces/api-prod/setup', '/surfaces/{id}/setup'],
    ['/setup/secret-of-a-link', '/setup/{token}'],
    ['/api/internal/deploys/00000000-0000-7000-8000-000000000000/status?x', '/api/internal/deploys/{id}/status'],
    ['/api/auth/sign-in/email', '/api/auth/{...all}'],
    ['/api/trpc/deploys.get?input=1', '/api/trpc/deploys.get'],
    ['/_next/static/chunks/a.js', 'file'],
    ['/icon-192.png?v=1', 'file'],
    ['/api/trpc/deploys.invented', 'other'],
    ['/api/trpc/{trpc}', 'other'],
    ['/api/openapiXjson', 'other'],
    ['/wp-admin.php', 'other'],
    ['*', 'other'],
  ])('%s counts as %s', (target, route) => {
    expect(routeOf(target, procedures)).toBe(route)
  })
})

describe('figures of the database', () => {
  const rows: readonly StoredFigure[] = [
    { figure: 'jobs', a: 'deliver', b: 'ready', value: 3 },
    { figure: 'unsealed', a: '', b: '', value: 0 },
  ]

  it('are absent, not zero, if the database does not answer', async () => {
    let answers = true
    let at = 0
    const registry = wholeRegistry(
      async () => {
        if (answers) return rows
        throw new Error('the database is away')
      },
      () => at,
    )
    const stored = async () =>
      (await samplesOf(registry)).filter((line) => /_(jobs|unsealed_rows|answers)\b/.test(line))
    expect(await stored()).toEqual([
      'deploy_console_jobs{task="deliver",state="ready"} 3',
      'deploy_console_audit_unsealed_rows 0',
      'deploy_console_database_answers 1',
    ])
    answers = false
    at = 60_000
    expect(await stored()).toEqual(['deploy_console_database_answers 0'])
  })

  it('are read once for two scrapers, and again after ten seconds', async () => {
    let reads = 0
    let at = 0
    const registry = wholeRegistry(
      async () => {
        reads += 1
        return rows
      },
      () => at,
    )
    await Promise.all([registry.metrics(), registry.metrics()])
    at = 9_999
    await registry.metrics()
    expect(reads).toBe(1)
    at = 10_000
    await registry.metrics()
    expect(reads).toBe(2)
  })
})

it('GitHub’s rate limit is absent when its hour has ended, because the new one is not known', async () => {
  const samples = await samplesOf(wholeRegistry())
  expect(samples.filter((line) => line.includes('rate_limit'))).toEqual([])
  expect(samples).toContain('deploy_console_github_paused{purpose="background"} 1')
  expect(samples).toContain('deploy_console_github_paused{purpose="act"} 0')
})
