import { randomUUID } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { lockSurface, openFreeze } from '~/server/freezes/change-freezes'
import { answerFreezeCheck } from '~/server/freezes/check-freeze'
import { actorNamed, OPERATOR } from '~test/support/actors'
import { CALLBACK_SECRET, createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { startScriptedGitHub } from '~test/support/scripted-github'
import { signedCallback } from '~test/support/signed-callback'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>

beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  await insertMember(console_.deps, OPERATOR)
  await insertSurface(console_.deps)
})
beforeEach(async () => {
  await console_.deps.db.freeze.deleteMany()
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

interface Signing {
  readonly signed?: string
  readonly at?: Date
  readonly secret?: string
}

/** A workflow's question, signed by the `standardwebhooks` package rather than by our own code. */
function question(
  query: string,
  { signed = `GET /api/internal/freezes?${query}`, at = new Date(), secret }: Signing = {},
) {
  const id = `msg_${randomUUID()}`
  return new Request(`http://localhost/api/internal/freezes?${query}`, {
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret ?? CALLBACK_SECRET).sign(id, at, signed),
    },
  })
}
async function ask(query: string, signing?: Signing) {
  const response = await answerFreezeCheck(console_.deps, question(query, signing))
  return { status: response.status, type: response.headers.get('content-type'), body: await response.json() }
}
const freeze = (reason: string, endsAt?: Date) =>
  openFreeze(console_.deps, actorNamed('ada'), {
    environment: 'production',
    reason,
    ...(endsAt === undefined ? {} : { endsAt }),
  })

async function overriddenDeploy() {
  const { id: surface } = await insertSurface(console_.deps)
  const { id: deploy, runId: run } = await dispatchDeploy(console_.deps, OPERATOR, {
    surfaceId: surface,
    ref: 'main',
    confirmation: surface,
    idempotencyKey: randomUUID(),
    overrideFreeze: { reason: 'Fixes the outage' },
  })
  return { surface, deploy, run: run ?? '' }
}

describe('the answer to a freeze check', () => {
  it('a freeze check answers which freeze is in force, why and until when, or that there is none', async () => {
    const { id: surface } = await insertSurface(console_.deps)
    expect((await ask(`surface=${surface}`)).body).toEqual({
      surface,
      frozen: false,
      kind: null,
      reason: null,
      until: null,
      freeze_id: null,
      overridden: false,
      override_reason: null,
    })
    const endsAt = new Date(Date.now() + 3_600_000)
    const { id } = await freeze('Release week', endsAt)
    expect((await ask(`surface=${surface}`)).body).toMatchObject({
      frozen: true,
      kind: 'frozen',
      reason: 'Release week',
      until: endsAt.toISOString(),
      freeze_id: id,
      overridden: false,
    })
  })

  it('a freeze check names a lock rather than a freeze', async () => {
    const { id: surface } = await insertSurface(console_.deps)
    await freeze('Release week')
    await lockSurface(console_.deps, actorNamed('ada'), { surfaceId: surface, reason: 'Being migrated' })
    expect((await ask(`surface=${surface}`)).body).toMatchObject({ kind: 'locked', reason: 'Being migrated' })
  })

  it('a freeze check writes nothing', async () => {
    const { id: surface } = await insertSurface(console_.deps)
    const before = await console_.deps.db.auditEvent.count()
    await ask(`surface=${surface}`)
    expect(await console_.deps.db.auditEvent.count()).toBe(before)
    expect(await console_.deps.db.callbackReceipt.count()).toBe(0)
  })
})

describe('an override in a freeze check', () => {
  it('an override lets its own deploy pass the freeze check', async () => {
    await freeze('Release week')
    const { surface, deploy, run } = await overriddenDeploy()
    expect((await ask(`surface=${surface}&deploy=${deploy}&run=${run}`)).body).toMatchObject({
      frozen: true,
      overridden: true,
      override_reason: 'Fixes the outage',
    })
  })

  it("an override does not cover a run without the deploy's id, another run or another surface", async () => {
    await freeze('Release week')
    const { surface, deploy } = await overriddenDeploy()
    expect((await ask(`surface=${surface}`)).body).toMatchObject({ frozen: true, overridden: false })
    expect((await ask(`surface=${surface}&deploy=${deploy}&run=1`)).body).toMatchObject({ overridden: false })
    expect((await ask(`surface=${surface}&deploy=${deploy}`)).body).toMatchObject({ overridden: false })
    const { id: other } = await insertSurface(console_.deps)
    expect(await ask(`surface=${other}&deploy=${deploy}`)).toMatchObject({
      status: 422,
      body: { code: 'deploy_elsewhere' },
    })
  })

  it('an override does not cover a freeze opened after it', async () => {
    await freeze('Release week')
    const { surface, deploy, run } = await overriddenDeploy()
    const { id } = await freeze('A new incident')
    expect((await ask(`surface=${surface}&deploy=${deploy}&run=${run}`)).body).toMatchObject({
      frozen: true,
      overridden: false,
      freeze_id: id,
      reason: 'A new incident',
    })
  })

  it('an override ends with its deploy', async () => {
    await freeze('Release week')
    const { surface, deploy, run } = await overriddenDeploy()
    await receiveCallback(console_.deps, signedCallback(deploy, { status: 'failed', run_id: String(run) }), deploy)
    expect((await ask(`surface=${surface}&deploy=${deploy}&run=${run}`)).body).toMatchObject({ overridden: false })
  })
})

describe('a deploy under way in a freeze check', () => {
  it('is not interrupted by a window that was declared before, and is by a freeze that was opened since', async () => {
    const { deps } = console_
    const window = await openFreeze(deps, actorNamed('ada'), {
      reason: 'Evening',
      startsAt: new Date(Date.now() + 3_600_000),
    })
    const { surface, deploy, run } = await overriddenDeploy()
    // The window begins while the run is under way.
    await deps.db.freeze.update({ where: { id: window.id }, data: { startsAt: new Date() } })
    expect((await ask(`surface=${surface}`)).body).toMatchObject({ frozen: true })
    expect((await ask(`surface=${surface}&deploy=${deploy}&run=${run}`)).body).toMatchObject({ frozen: false })
    const { id } = await freeze('A new incident')
    expect((await ask(`surface=${surface}&deploy=${deploy}&run=${run}`)).body).toMatchObject({
      frozen: true,
      overridden: false,
      freeze_id: id,
    })
  })

  it('is interrupted by that window too when it reaches its check after the time limit of its surface', async () => {
    const { deps } = console_
    const window = await openFreeze(deps, actorNamed('ada'), {
      reason: 'Weekend',
      startsAt: new Date(Date.now() + 3_600_000),
    })
    const { surface, deploy, run } = await overriddenDeploy()
    await deps.db.freeze.update({ where: { id: window.id }, data: { startsAt: new Date() } })
    const askAfter = async (minutes: number) => {
      const at = new Date(Date.now() + minutes * 60_000)
      const asked = question(`surface=${surface}&deploy=${deploy}&run=${run}`, { at })
      return (await answerFreezeCheck({ ...deps, now: () => at }, asked)).json()
    }
    expect(await askAfter(29)).toMatchObject({ frozen: false })
    expect(await askAfter(30)).toMatchObject({ frozen: true, overridden: false, freeze_id: window.id })
  })
})

describe('the signature of a freeze check', () => {
  it.each<[string, (surface: string) => Signing]>([
    ['of an empty body', () => ({ signed: '' })],
    ['of another surface', () => ({ signed: 'GET /api/internal/freezes?surface=elsewhere' })],
    [
      'of another deploy',
      (surface) => ({ signed: `GET /api/internal/freezes?surface=${surface}&deploy=${randomUUID()}` }),
    ],
    ['of another method', (surface) => ({ signed: `POST /api/internal/freezes?surface=${surface}` })],
    ['with another secret', () => ({ secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` })],
    ['that is six minutes old', () => ({ at: new Date(Date.now() - 360_000) })],
  ])('a freeze check with a signature %s is refused with 401 and one message', async (_, signing) => {
    const { id: surface } = await insertSurface(console_.deps)
    const answer = await ask(`surface=${surface}`, signing(surface))
    expect(answer).toMatchObject({
      status: 401,
      type: 'application/problem+json',
      body: {
        code: 'signature_invalid',
        detail:
          'The signature is missing, wrong or out of date. Nothing was read. Check the secret and the clock of the sender.',
      },
    })
  })

  it('a freeze check without a signature is refused before its query is checked', async () => {
    const response = await answerFreezeCheck(
      console_.deps,
      new Request('http://localhost/api/internal/freezes?deploy=x'),
    )
    expect(response.status).toBe(401)
  })

  it("a callback's signature is refused for a freeze check, and a freeze check's signature for a callback", async () => {
    const { id: surface } = await insertSurface(console_.deps)
    const callback = signedCallback(randomUUID(), { status: 'building' })
    const asked = new Request(`http://localhost/api/internal/freezes?surface=${surface}`, { headers: callback.headers })
    expect((await answerFreezeCheck(console_.deps, asked)).status).toBe(401)
    const deploy = randomUUID()
    const posted = new Request('http://localhost/x', {
      method: 'POST',
      headers: question(`surface=${surface}`).headers,
      body: '{"status":"succeeded"}',
    })
    expect((await receiveCallback(console_.deps, posted, deploy)).status).toBe(401)
  })
})

describe('a signed freeze check that cannot be answered', () => {
  it.each([
    ['', 400, 'invalid_input'],
    ['surface=nowhere', 404, 'surface_unknown'],
    ['surface=SURFACE&deploy=not-a-uuid', 400, 'invalid_input'],
    ['surface=SURFACE&run=-1', 400, 'invalid_input'],
    [`surface=SURFACE&deploy=${randomUUID()}`, 404, 'deploy_unknown'],
  ])('a freeze check with the query (%s) is answered with problem document %i', async (query, status, code) => {
    const { id: surface } = await insertSurface(console_.deps)
    const answer = await ask(
      query.replace('SURFACE', surface),
      query === '' ? { signed: 'GET /api/internal/freezes' } : {},
    )
    expect(answer).toMatchObject({ status, type: 'application/problem+json', body: { code } })
  })
})
