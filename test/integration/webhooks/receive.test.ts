import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createRateLimits } from '~/server/platform/http/rate-limits'
import { receiveWebhook } from '~/server/webhooks/receive-webhook'
import {
  createTestConsole,
  insertDeployAt,
  insertSurface,
  type TestConsole,
  WEBHOOK_SECRET,
} from '~test/support/console'
import { queuedJobs } from '~test/support/run-queue'
import { signedWebhook, webhookEvents } from '~test/support/signed-webhook'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
  await insertSurface(console_.deps, { id: 'console' })
})
beforeEach(async () => {
  await console_.deps.db.$executeRaw`DELETE FROM graphile_worker._private_jobs`
  await console_.deps.db.webhookHearing.deleteMany()
})
afterAll(() => console_.close())

const { run, job, push, of } = webhookEvents

async function send(
  event: string,
  payload: object | string,
  headers: Record<string, string> = {},
  deps = console_.deps,
) {
  const response = await receiveWebhook(deps, await signedWebhook(event, payload, { headers }))
  const body = await response.json()
  return { status: response.status, type: response.headers.get('content-type'), body }
}
const keys = async () => (await queuedJobs(console_.deps)).map(({ key }) => key)
const hearings = async () =>
  (await console_.deps.db.webhookHearing.findMany({ orderBy: { subject: 'asc' } })).map(
    ({ repository, subject, event }) => `${repository} ${subject} ${event}`,
  )
const nothingHappened = async () => expect([await keys(), await hearings()]).toEqual([[], []])

describe('a webhook that is refused', () => {
  it.each([
    ['without a signature', { 'x-hub-signature-256': '' }],
    ['with only the older SHA-1 signature', { 'x-hub-signature-256': '', 'x-hub-signature': `sha1=${'0'.repeat(40)}` }],
    ['with a signature of another body', { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }],
    ['with a shortened signature', { 'x-hub-signature-256': 'sha256=0' }],
  ])('a webhook %s is refused with 401, and nothing of it is used', async (_, headers) => {
    expect(await send('push', push(), headers)).toMatchObject({
      status: 401,
      type: 'application/problem+json',
      body: {
        code: 'signature_invalid',
        detail:
          'The signature is missing or wrong. Nothing was read. Compare the secret of the webhook with GITHUB_WEBHOOK_SECRET.',
      },
    })
    await nothingHappened()
  })

  it('a webhook signed with another secret is refused, and nothing of it is used', async () => {
    const forged = await signedWebhook('push', push(), { secret: 'x'.repeat(32) })
    expect((await receiveWebhook(console_.deps, forged)).status).toBe(401)
    await nothingHappened()
  })

  it('a webhook whose bytes were changed is refused, even if its text reads the same', async () => {
    const signed = await signedWebhook('push', JSON.stringify(push()))
    const bytes = Buffer.concat([Buffer.from(await signed.clone().text()), Buffer.from([0x20, 0xff])])
    const changed = new Request(signed.url, { method: 'POST', headers: signed.headers, body: bytes })
    expect((await receiveWebhook(console_.deps, changed)).status).toBe(401)
  })

  it.each([
    [
      'sent as a form, GitHub’s default,',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'media_type_refused',
    ],
    ['larger than a megabyte', { 'content-length': String(1024 * 1024 + 1) }, 413, 'body_too_large'],
  ])('a webhook %s is refused, and nothing of it is used', async (_, headers, status, code) => {
    expect(await send('push', push(), headers)).toMatchObject({ status, body: { code } })
    await nothingHappened()
  })

  it.each([
    ['that is not JSON', '{'],
    ['without its repository', '{"ref":"refs/heads/main"}'],
    ['with an invalid repository name', '{"ref":"refs/heads/main","repository":{"full_name":"acme/../x\\u0000"}}'],
    ['with the payload of another event', JSON.stringify(run(7))],
  ])('a signed webhook %s is refused, and nothing of it is used', async (_, body) => {
    expect(await send('push', body)).toMatchObject({ status: 400, body: { code: 'invalid_input' } })
    await nothingHappened()
  })

  it('a console without a webhook secret answers 404', async () => {
    const deps = { ...console_.deps, config: { ...console_.deps.config, githubWebhookSecrets: [] } }
    expect(await send('push', push(), {}, deps)).toMatchObject({ status: 404, body: { code: 'address_unknown' } })
    await nothingHappened()
  })
})

describe('the secret of the webhook', () => {
  it('both secrets are accepted while both are set', async () => {
    const config = { ...console_.deps.config, githubWebhookSecrets: ['n'.repeat(32), WEBHOOK_SECRET] }
    for (const secret of config.githubWebhookSecrets) {
      const signed = await signedWebhook('push', push(), { secret })
      expect((await receiveWebhook({ ...console_.deps, config }, signed)).status).toBe(202)
    }
  })
})

it('unsigned webhooks are limited by address, and signed ones from that address are still accepted', async () => {
  const limits = createRateLimits({ rateLimitPerMinute: 1, rateLimitRefusedPerMinute: 2 })
  const deps = { ...console_.deps, rateLimits: limits }
  const unsigned = () => send('push', push(), { 'x-hub-signature-256': 'sha256=0' }, deps)
  expect([(await unsigned()).status, (await unsigned()).status, (await unsigned()).status]).toEqual([401, 401, 429])
  for (const _ of [1, 2, 3]) expect((await send('push', push(), {}, deps)).status).toBe(202)
})

describe('a webhook and the looks that it causes', () => {
  it('fifty webhooks of a known run queue one look at its deploy', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 41n })
    for (let n = 0; n < 50; n += 1) {
      const { status } = await (n % 2 === 0 ? send('workflow_run', run(41)) : send('workflow_job', job(41)))
      expect(status).toBe(202)
    }
    expect(await keys()).toEqual([`reconcile_deploy:${id}`])
  })

  it('a repeated webhook does not delay the look that waits', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 42n })
    const at = (ms: number) => ({ ...console_.deps, now: () => new Date(Date.parse('2026-11-28T12:00:00Z') + ms) })
    const due = async () => (await queuedJobs(console_.deps)).find(({ key }) => key?.endsWith(id))?.runAt
    await send('workflow_run', run(42), {}, at(0))
    const first = await due()
    await send('workflow_run', run(42), {}, at(60_000))
    expect(first).toEqual(new Date('2026-11-28T12:00:01Z'))
    expect(await due()).toEqual(first)
  })

  it('a look waits until five seconds after the last look at the deploy', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 43n })
    const now = new Date('2026-11-28T12:00:00Z')
    await console_.deps.db.deploy.update({ where: { id }, data: { lastLookedAt: now } })
    await send('workflow_run', run(43), {}, { ...console_.deps, now: () => now })
    expect(await queuedJobs(console_.deps)).toMatchObject([{ runAt: new Date('2026-11-28T12:00:05Z') }])
  })

  it("a webhook of an unknown run queues a look at the repository's runs and at the deploy that waits for its run", async () => {
    const { id, surface } = await insertDeployAt(console_.deps, 'dispatched')
    expect(await send('workflow_run', run(999))).toMatchObject({ body: { event: 'workflow_run', looks: 2 } })
    expect((await keys()).toSorted()).toEqual(['find_outside_runs:acme/platform', `reconcile_deploy:${id}`])
    await console_.deps.db.surface.update({ where: { id: surface.id }, data: { lastDeployId: null } })
  })

  it('a webhook of an unknown run reaches a waiting deploy whose surface has left surfaces.yaml', async () => {
    const { db } = console_.deps
    const { id, surface } = await insertDeployAt(console_.deps, 'dispatched')
    const left = { repository: 'acme/left', archivedAt: new Date() }
    await db.surface.update({ where: { id: surface.id }, data: left })
    await send('workflow_run', { ...run(999), repository: { full_name: 'acme/left' } })
    expect(await keys()).toContain(`reconcile_deploy:${id}`)
    await db.surface.update({ where: { id: surface.id }, data: { lastDeployId: null } })
  })

  it('a webhook of a run that ships nothing here, or of a job of an unknown run, queues no look', async () => {
    expect(await send('workflow_run', run(999, 'ci.yml'))).toMatchObject({ status: 202, body: { looks: 0 } })
    expect(await send('workflow_job', job(999))).toMatchObject({ status: 202, body: { looks: 0 } })
    expect(await keys()).toEqual([])
  })

  it('a deployment webhook of a known run queues a look at its deploy', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 44n })
    for (const event of ['deployment_review', 'deployment_status']) {
      expect((await send(event, run(44))).body).toMatchObject({ looks: 1 })
      expect((await send(event, { ...run(44), workflow_run: null })).body).toMatchObject({ looks: 0 })
    }
    expect(await keys()).toEqual([`reconcile_deploy:${id}`])
  })

  it('a push to a default ref queues a comparison, and any other push does not', async () => {
    expect((await send('push', push('refs/heads/feature'))).body).toMatchObject({ looks: 0 })
    expect(await keys()).toEqual([])
    expect((await send('push', push())).body).toMatchObject({ looks: 1 })
    expect(await keys()).toEqual(['measure_distance:acme/platform'])
  })

  it.each([
    ['repository', { action: 'archived', repository: { full_name: 'Acme/Platform' } }],
    [
      'repository',
      {
        action: 'renamed',
        repository: { full_name: 'acme/console' },
        changes: { repository: { name: { from: 'platform' } } },
      },
    ],
    [
      'repository',
      {
        action: 'transferred',
        repository: { full_name: 'other/platform' },
        changes: { owner: { from: { organization: { login: 'acme' } } } },
      },
    ],
    [
      'installation',
      { action: 'created', repositories: [{ full_name: 'acme/platform' }, { full_name: 'acme/other' }] },
    ],
    ['installation_repositories', { repositories_removed: [{ full_name: 'acme/platform' }], repositories_added: [] }],
  ])(
    'a webhook (%s) about the repository itself queues a look at everything, under the name in surfaces.yaml',
    async (name, payload) => {
      expect(await send(name, payload)).toMatchObject({ status: 202, body: { looks: 3 } })
      expect((await keys()).toSorted()).toEqual([
        'find_outside_runs:acme/platform',
        'measure_distance:acme/platform',
        'read_deploy_freeze:acme/platform',
      ])
    },
  )

  it.each(['check_run', 'check_suite', 'status'])(
    'a webhook (%s) is recorded as heard and queues no look',
    async (name) => {
      expect(await send(name, of('acme/platform'))).toMatchObject({ status: 202, body: { looks: 0 } })
      expect([await keys(), await hearings()]).toEqual([[], [`acme/platform other ${name}`]])
    },
  )

  it('a webhook of an undeclared repository, or of an unused event, is dropped', async () => {
    await insertSurface(console_.deps, { id: 'archived' })
    await console_.deps.db.surface.update({
      where: { id: 'archived' },
      data: { repository: 'acme/left', archivedAt: new Date() },
    })
    for (const [name, payload] of [
      ['check_run', of('acme/elsewhere')],
      ['check_run', of('acme/left')],
      ['check_run', of('acme/platfor_')],
      ['star', of('acme/platform')],
    ] as const) {
      expect(await send(name, payload)).toMatchObject({ status: 202, body: { dropped: expect.any(String) } })
    }
    await nothingHappened()
  })
})

describe('a ping webhook', () => {
  const ping = (events: string[]) => ({ zen: 'Design for failure.', hook: { type: 'Repository', events } })

  it('a ping records the events that the webhook sends, and is answered with the missing ones', async () => {
    const { repository } = of('acme/platform')
    expect(await send('ping', { ...ping(['push', 'repository']), repository })).toMatchObject({
      status: 202,
      body: {
        event: 'ping',
        looks: 0,
        missing: ['workflow_run', 'workflow_job', 'deployment_review', 'deployment_status'],
      },
    })
    expect(await hearings()).toEqual(['acme/platform other ping', 'acme/platform refs ping'])
  })

  it('a ping of a GitHub App is recorded for the App', async () => {
    expect(await send('ping', ping(['*']))).toMatchObject({ status: 202, body: { missing: [] } })
    expect(await hearings()).toEqual(['* other ping', '* refs ping', '* runs ping'])
  })
})
