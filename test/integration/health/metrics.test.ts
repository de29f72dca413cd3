import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '~/launch/machine/ports'
import { sealAudit } from '~/server/audit/seal-audit'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { countEndedDeploys } from '~/server/deploys/count-ended-deploys'
import { createDeps } from '~/server/deps'
import { type MetricsServer, serveMetrics } from '~/server/health/serve-metrics'
import { addJob } from '~/server/platform/jobs.sql'
import { receiveWebhook } from '~/server/webhooks/receive-webhook'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { runQueue } from '~test/support/run-queue'
import { signedCallback } from '~test/support/signed-callback'
import { signedWebhook, webhookEvents } from '~test/support/signed-webhook'

let console_: TestConsole
let port: number
let server: MetricsServer | null
beforeAll(async () => {
  port = await freePort()
  console_ = await createTestConsole({ env: { METRICS_PORT: String(port) } })
  server = await serveMetrics(console_.deps)
})
afterAll(async () => {
  server?.stop()
  await console_.close()
})

/** The samples of one scrape, by name and labels. */
async function scrape(at = port) {
  const answer = await fetch(`http://127.0.0.1:${at}/metrics`)
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

it('one scrape tells what the process did, and what the database holds', async () => {
  const { deps } = console_
  const { id, surface } = await insertDeployAt(deps, 'deploying', { requestedAt: new Date(Date.now() - 100_000) })
  await insertDeployAt(deps, 'building')
  await insertDeployAt(deps, 'building')
  const callback = signedCallback(id, { status: 'succeeded' }, { webhookId: randomUUID() })
  await receiveCallback(deps, callback.clone(), id)
  await receiveCallback(deps, callback, id)
  await receiveCallback(deps, signedCallback(id, { status: 'failed' }, { secret: `x${'y'.repeat(30)}` }), id)
  await receiveWebhook(deps, await signedWebhook('push', webhookEvents.push()))
  await receiveWebhook(deps, await signedWebhook('star', webhookEvents.push()))
  await addJob(
    deps.db,
    { task: 'deliver', payload: { deliveryId: randomUUID() } },
    { runAt: new Date(Date.now() + 9e6) },
  )
  await runQueue(deps)
  await sealAudit(deps, undefined, 1, (rows) => countEndedDeploys(deps, rows))
  // A row that a worker sealed is not counted again.
  await sealAudit(deps, undefined, 1, (rows) => countEndedDeploys(deps, rows))
  await deps.db.surface.update({ where: { id: surface.id }, data: { healthCheckedAt: new Date(Date.now() - 500_000) } })

  const samples = await scrape()
  const expected = {
    'deploy_console_callbacks_total{outcome="applied"}': 1,
    'deploy_console_callbacks_total{outcome="repeated"}': 1,
    'deploy_console_callbacks_total{outcome="signature_invalid"}': 1,
    'deploy_console_webhooks_total{event="push",outcome="followed"}': 1,
    'deploy_console_webhooks_total{event="other",outcome="dropped"}': 1,
    'deploy_console_deploys_unfinished{environment="production",status="building"}': 2,
    'deploy_console_deploys_ended_total{environment="production",status="succeeded",shipped="yes"}': 1,
    'deploy_console_deploy_duration_seconds_count{environment="production",status="succeeded"}': 1,
    'deploy_console_surfaces{environment="production",health="unknown"}': 3,
    deploy_console_surfaces_held: 0,
    'deploy_console_jobs{task="deliver",state="scheduled"}': 1,
    deploy_console_audit_unsealed_rows: 0,
    deploy_console_database_answers: 1,
    deploy_console_streams_open: 0,
  }
  expect(Object.fromEntries(Object.keys(expected).map((name) => [name, samples.get(name)]))).toEqual(expected)
  expect(samples.get('deploy_console_probe_age_seconds{environment="production"}')).toBeGreaterThanOrEqual(500)
  expect(
    samples.get('deploy_console_deploy_duration_seconds_sum{environment="production",status="succeeded"}'),
  ).toBeGreaterThanOrEqual(100)
  expect([...samples.keys()].filter((name) => name.startsWith('deploy_console_audit_unsealed_age'))).toEqual([])
  expect([...samples.keys()].filter((name) => name.startsWith('deploy_console_github_rate_limit'))).toEqual([])
  expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(0)
  for (const name of samples.keys()) for (const text of [id, surface.id]) expect(name).not.toContain(text)
})

it('a scrape is answered while the database is away', async () => {
  const { deps } = console_
  const metricsPort = await freePort()
  const away = createDeps({ ...deps.config, metricsPort, databaseUrl: 'postgresql://console@127.0.0.1:9/console' })
  const own = await serveMetrics(away)
  const samples = await scrape(metricsPort)
  expect(samples.get('deploy_console_database_answers')).toBe(0)
  expect([...samples.keys()].filter((name) => /deploy_console_(jobs|surfaces|deploys_unfinished)/.test(name))).toEqual(
    [],
  )
  own?.stop()
  await away.db.$disconnect()
})

it('the port answers nothing but the metrics, and a port that is taken ends nothing', async () => {
  const { deps } = console_
  const address = `http://127.0.0.1:${port}`
  expect((await fetch(`${address}/`)).status).toBe(404)
  expect((await fetch(`${address}/metrics`, { method: 'POST' })).status).toBe(405)
  const second = createDeps(deps.config)
  expect(await serveMetrics(second)).toBeNull()
  await second.db.$disconnect()
})
