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

describe('a webhook is refused, and nothing of it is read,', () => {
  it.each([
    ['without a signature', { 'x-hub-signature-256': '' }],
    [
      'with the older SHA-1 signature alone',
      { 'x-hub-signature-256': '', 'x-hub-signature': `sha1=${'0'.repeat(40)}` },
    ],
    ['with a signature of another body', { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }],
    ['with a signature cut short', { 'x-hub-signature-256': 'sha256=0' }],
  ])('%s', async (_, headers) => {
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

  it('signed with another secret', async () => {
    const forged = await signedWebhook('push', push(), { secret: 'x'.repeat(32) })
    expect((await receiveWebhook(console_.deps, forged)).status).toBe(401)
    await nothingHappened()
  })

  it('changed on its way, though it still reads as the same text', async () => {
    const signed = await signedWebhook('push', JSON.stringify(push()))
    const bytes = Buffer.concat([Buffer.from(await signed.clone().text()), Buffer.from([0x20, 0xff])])
    const changed = new Request(signed.url, { method: 'POST', headers: signed.headers, body: bytes })
    expect((await receiveWebhook(console_.deps, changed)).status).toBe(401)
  })

  it.each([
    ['as the form GitHub presets', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'media_type_refused'],
    ['larger than a megabyte', { 'content-length': String(1024 * 1024 + 1) }, 413, 'body_too_large'],
  ])('%s', async (_, headers, status, code) => {
    expect(await send('push', push(), headers)).toMatchObject({ status, body: { code } })
    await nothingHappened()
  })

  it.each([
    ['that is no JSON', '{'],
    ['without its repository', '{"ref":"refs/heads/main"}'],
    ['whose repository is no name', '{"ref":"refs/heads/main","repository":{"full_name":"acme/../x\\u0000"}}'],
    ['that is another event by its name', JSON.stringify(run(7))],
  ])('%s', async (_, body) => {
    expect(await send('push', body)).toMatchObject({ status: 400, body: { code: 'invalid_input' } })
    await nothingHappened()
  })

  it('by a console without a secret, which has nothing at this address', async () => {
    const deps = { ...console_.deps, config: { ...console_.deps.config, githubWebhookSecrets: [] } }
    expect(await send('push', push(), {}, deps)).toMatchObject({ status: 404, body: { code: 'address_unknown' } })
    await nothingHappened()
  })
})

describe('the secret', () => {
  it('is rotated without a gap: both are taken while both are set', async () => {
    const config = { ...console_.deps.config, githubWebhookSecrets: ['n'.repeat(32), WEBHOOK_SECRET] }
    for (const secret of config.githubWebhookSecrets) {
      const signed = await signedWebhook('push', push(), { secret })
      expect((await receiveWebhook({ ...console_.deps, config }, signed)).status).toBe(202)
    }
  })
})

it('webhooks that are not signed are limited by address, and signed ones go on being taken from there', async () => {
  const limits = createRateLimits({ rateLimitPerMinute: 1, rateLimitRefusedPerMinute: 2 })
  const deps = { ...console_.deps, rateLimits: limits }
  const unsigned = () => send('push', push(), { 'x-hub-signature-256': 'sha256=0' }, deps)
  expect([(await unsigned()).status, (await unsigned()).status, (await unsigned()).status]).toEqual([401, 401, 429])
  for (const _ of [1, 2, 3]) expect((await send('push', push(), {}, deps)).status).toBe(202)
})

describe('an event', () => {
  it('of a run the console knows is one look at its deploy, however many events tell of it', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 41n })
    for (let n = 0; n < 50; n += 1) {
      const { status } = await (n % 2 === 0 ? send('workflow_run', run(41)) : send('workflow_job', job(41)))
      expect(status).toBe(202)
    }
    expect(await keys()).toEqual([`reconcile_deploy:${id}`])
  })

  it('that comes again and again does not put off the look that waits', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 42n })
    const at = (ms: number) => ({ ...console_.deps, now: () => new Date(Date.parse('2026-11-28T12:00:00Z') + ms) })
    const due = async () => (await queuedJobs(console_.deps)).find(({ key }) => key?.endsWith(id))?.runAt
    await send('workflow_run', run(42), {}, at(0))
    const first = await due()
    await send('workflow_run', run(42), {}, at(60_000))
    expect(first).toEqual(new Date('2026-11-28T12:00:01Z'))
    expect(await due()).toEqual(first)
  })

  it('of a deploy that was looked at just now waits five seconds from then', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 43n })
    const now = new Date('2026-11-28T12:00:00Z')
    await console_.deps.db.deploy.update({ where: { id }, data: { lastLookedAt: now } })
    await send('workflow_run', run(43), {}, { ...console_.deps, now: () => now })
    expect(await queuedJobs(console_.deps)).toMatchObject([{ runAt: new Date('2026-11-28T12:00:05Z') }])
  })

  it('of a run nobody here knows is a look at the runs of that repository, and at the deploy that waits for its run', async () => {
    const { id, surface } = await insertDeployAt(console_.deps, 'dispatched')
    expect(await send('workflow_run', run(999))).toMatchObject({ body: { event: 'workflow_run', looks: 2 } })
    expect((await keys()).toSorted()).toEqual(['find_outside_runs:acme/platform', `reconcile_deploy:${id}`])
    await console_.deps.db.surface.update({ where: { id: surface.id }, data: { lastDeployId: null } })
  })

  it('of a run of a workflow that ships nothing here, or of one of its jobs, is no look', async () => {
    expect(await send('workflow_run', run(999, 'ci.yml'))).toMatchObject({ status: 202, body: { looks: 0 } })
    expect(await send('workflow_job', job(999))).toMatchObject({ status: 202, body: { looks: 0 } })
    expect(await keys()).toEqual([])
  })

  it('of a deployment of a known run is a look at its deploy', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 44n })
    for (const event of ['deployment_review', 'deployment_status']) {
      expect((await send(event, run(44))).body).toMatchObject({ looks: 1 })
      expect((await send(event, { ...run(44), workflow_run: null })).body).toMatchObject({ looks: 0 })
    }
    expect(await keys()).toEqual([`reconcile_deploy:${id}`])
  })

  it('of a push to a default ref is a look at how far its surfaces are from it; any other push is none', async () => {
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
    '(%s) about the repository itself is a look at all of it, under the name surfaces.yaml has',
    async (name, payload) => {
      expect(await send(name, payload)).toMatchObject({ status: 202, body: { looks: 3 } })
      expect((await keys()).toSorted()).toEqual([
        'find_outside_runs:acme/platform',
        'measure_distance:acme/platform',
        'read_deploy_freeze:acme/platform',
      ])
    },
  )

  it.each(['check_run', 'check_suite', 'status'])('(%s) is heard, and is no look', async (name) => {
    expect(await send(name, of('acme/platform'))).toMatchObject({ status: 202, body: { looks: 0 } })
    expect([await keys(), await hearings()]).toEqual([[], [`acme/platform other ${name}`]])
  })

  it('of a repository no surface names is dropped, and so is one the console has no use for', async () => {
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

describe('a ping', () => {
  const ping = (events: string[]) => ({ zen: 'Design for failure.', hook: { type: 'Repository', events } })

  it('is on record for what the webhook sends, and is answered with the events that are not ticked', async () => {
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

  it('of a GitHub App, which names no repository, is on record for the App', async () => {
    expect(await send('ping', ping(['*']))).toMatchObject({ status: 202, body: { missing: [] } })
    expect(await hearings()).toEqual(['* other ping', '* refs ping', '* runs ping'])
  })
})
