import { hkdfSync, randomBytes, randomUUID } from 'node:crypto'
import { UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CALLBACK_WAYS, type CallbackWay } from '~/domain/deploy/callback'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { answerFreezeCheck } from '~/server/freezes/check-freeze'
import { connectRunTokens } from '~/server/github/run-tokens'
import { CALLBACK_SECRET, createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { startRunTokenIssuer } from '~test/support/run-token-issuer'
import { type Answer, neverAnswered } from '~test/support/scripted-github'
import { type CallbackOptions, callbackWithToken, signedCallback } from '~test/support/signed-callback'

const REPOSITORY = 'acme/platform'

/** Derived as RFC 5869 and docs/security.md describe, without the product's code. */
function secretOf(repository: string, master = CALLBACK_SECRET): string {
  const key = Buffer.from(master.replace('whsec_', ''), 'base64')
  return `whsec_${Buffer.from(hkdfSync('sha256', key, '', repository, 32)).toString('base64')}`
}

let issuer: Awaited<ReturnType<typeof startRunTokenIssuer>>
let console_: TestConsole
let withoutShared: TestConsole
beforeAll(async () => {
  issuer = await startRunTokenIssuer()
  console_ = await createTestConsole({ githubApiUrl: issuer.apiUrl })
  withoutShared = await createTestConsole({ githubApiUrl: issuer.apiUrl, env: { CALLBACK_SHARED_SECRET: 'off' } })
})
afterAll(async () => {
  await console_.close()
  await withoutShared.close()
  await issuer.close()
})
beforeEach(() => {
  issuer.script.onTokenKeys = issuer.giveKeys
})

const answerOf = async (response: Response) => ({
  http: response.status,
  ...((await response.json()) as { code?: string; applied?: boolean }),
})
const signed = async (id: string, body: object, options: CallbackOptions = {}, on = console_) =>
  answerOf(await receiveCallback(on.deps, signedCallback(id, body, options), id))
const sendWithToken = async (id: string, body: object, token: string, webhookId: string = randomUUID()) =>
  answerOf(await receiveCallback(console_.deps, callbackWithToken(id, body, token, webhookId), id))
const storedOf = (id: string) =>
  console_.deps.db.deploy.findUniqueOrThrow({ where: { id }, include: { receipts: true, logLines: true } })
const auditOf = (id: string) => console_.deps.db.auditEvent.findMany({ where: { deployId: id } })

/** The callback was refused because of its sender and audited with the reason, and nothing else of it was stored. */
async function expectRefused(id: string, answer: { http: number; code?: string }, mismatch: string, way: CallbackWay) {
  expect(answer).toMatchObject({ http: 403, code: 'reporter_refused' })
  expect(await storedOf(id)).toMatchObject({ status: 'dispatched', githubRunId: null, receipts: [], logLines: [] })
  expect(await auditOf(id)).toMatchObject([
    { action: 'console.deploy.callback_rejected', payload: { reason: 'reporter_refused', mismatch, way } },
  ])
}

describe('the kind of proof that a surface requires of callbacks', () => {
  const send: Record<CallbackWay, (id: string) => Promise<{ http: number; code?: string; applied?: boolean }>> = {
    shared: (id) => signed(id, { status: 'building', log_line: 'x' }),
    repository: (id) =>
      signed(id, { status: 'building', log_line: 'x' }, { secret: secretOf(REPOSITORY), repository: REPOSITORY }),
    oidc: async (id) => sendWithToken(id, { status: 'building', log_line: 'x' }, await issuer.mint()),
  }
  const pairs = CALLBACK_WAYS.flatMap((demanded) => CALLBACK_WAYS.map((way) => ({ demanded, way })))

  it.each(pairs)(
    'where $demanded is required, a callback with $way is accepted only if it is at least as strong',
    async ({ demanded, way }) => {
      const { id } = await insertDeployAt(console_.deps, 'dispatched', { callbacks: demanded })
      const answer = await send[way](id)
      if (CALLBACK_WAYS.indexOf(way) >= CALLBACK_WAYS.indexOf(demanded)) {
        expect(answer).toMatchObject({ http: 200, applied: true })
        expect(await auditOf(id)).toContainEqual(
          expect.objectContaining({ action: 'console.deploy.callback', payload: expect.objectContaining({ way }) }),
        )
      } else await expectRefused(id, answer, `the surface requires ${demanded}`, way)
    },
  )

  it('an unknown requirement of a surface is treated as the strongest one', async () => {
    const { deps } = console_
    const { id } = await insertDeployAt(deps, 'dispatched')
    await deps.db.$executeRaw`ALTER TABLE console_deploys DROP CONSTRAINT console_deploys_callbacks_check`
    await deps.db.$executeRaw`UPDATE console_deploys SET callbacks = 'passkey' WHERE id = ${id}::uuid`
    await expectRefused(id, await send.shared(id), 'the surface requires passkey', 'shared')
    expect(await send.oidc(id)).toMatchObject({ http: 200, applied: true })
  })
})

describe("a repository's own secret", () => {
  const own = { secret: secretOf(REPOSITORY), repository: REPOSITORY }

  it("a repository's secret is derived with HKDF-SHA256 from the main secret and owner/name, in any letter case", async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    expect(await signed(id, { status: 'building' }, { ...own, repository: 'Acme/Platform' })).toMatchObject({
      http: 200,
    })
  })

  it('another repository’s secret is refused with 403 and audited, and nothing of the callback is kept', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    const foreign = { secret: secretOf('acme/other'), repository: 'acme/other' }
    const body = { status: 'building', run_id: '9', log_line: 'foreign', deployed_sha: 'b'.repeat(40) }
    await expectRefused(id, await signed(id, body, foreign), 'repository', 'repository')
  })

  it.each([
    ['under the name of another repository', { ...own, repository: 'acme/other' }],
    ['without a repository name', { secret: own.secret }],
    ['under an invalid name', { ...own, repository: 'acme/platform/x' }],
    ['of another main secret', { ...own, secret: secretOf(REPOSITORY, `whsec_${randomBytes(32).toString('base64')}`) }],
  ])('a repository’s secret %s is refused with 401 and changes nothing', async (_, options) => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    expect(await signed(id, { status: 'building' }, options)).toMatchObject({ http: 401, code: 'signature_invalid' })
    expect(await auditOf(id)).toEqual([])
  })

  it("during a rotation, the repository's secrets of both main secrets are accepted", async () => {
    const older = `whsec_${randomBytes(32).toString('base64')}`
    const rotating = await createTestConsole({ env: { DEPLOY_CALLBACK_HMAC_SECRET: `${CALLBACK_SECRET},${older}` } })
    try {
      const { id } = await insertDeployAt(rotating.deps, 'dispatched')
      for (const [master, status] of [
        [older, 'building'],
        [CALLBACK_SECRET, 'deploying'],
      ] as const) {
        const options = { secret: secretOf(REPOSITORY, master), repository: REPOSITORY }
        expect(await signed(id, { status }, options, rotating)).toMatchObject({ http: 200, applied: true })
      }
    } finally {
      await rotating.close()
    }
  })

  it("with the shared secret off, a repository's secret is accepted and the shared secret is refused with 401", async () => {
    const { id } = await insertDeployAt(withoutShared.deps, 'dispatched')
    expect(await signed(id, { status: 'building' }, {}, withoutShared)).toMatchObject({ http: 401 })
    expect(await signed(id, { status: 'building' }, { repository: REPOSITORY }, withoutShared)).toMatchObject({
      http: 401,
    })
    expect(await signed(id, { status: 'building' }, own, withoutShared)).toMatchObject({ http: 200, applied: true })
  })

  it('the secret that verifies decides the kind of proof, whatever repository the callback names', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched', { callbacks: 'repository' })
    await expectRefused(
      id,
      await signed(id, { status: 'building' }, { repository: REPOSITORY }),
      'the surface requires repository',
      'shared',
    )
  })
})

describe("GitHub's token of a run", () => {
  it('a deploy without a run gets the run and attempt of the run token', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    const token = await issuer.mint({ claims: { run_id: '9007199254740993', run_attempt: '2' } })
    expect(await sendWithToken(id, { status: 'building' }, token)).toMatchObject({ http: 200, applied: true })
    expect(await storedOf(id)).toMatchObject({ githubRunId: 9007199254740993n, githubRunAttempt: 2 })
  })

  it('a run token of another run than the one on record is refused as run_mismatch and audited', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 8n })
    expect(await sendWithToken(id, { status: 'deploying' }, await issuer.mint())).toMatchObject({
      code: 'run_mismatch',
    })
    expect((await auditOf(id)).map(({ action }) => action)).toContain('console.deploy.run_mismatch')
  })

  it('a run token requires a webhook-id, and a repeated webhook-id changes nothing', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    const [token, webhookId] = [await issuer.mint(), randomUUID()]
    expect(await sendWithToken(id, { status: 'building' }, token, webhookId)).toMatchObject({ applied: true })
    expect(await sendWithToken(id, { status: 'deploying' }, token, webhookId)).toMatchObject({ applied: false })
    expect(await sendWithToken(id, { status: 'deploying' }, token, '')).toMatchObject({ http: 401 })
  })

  it.each([
    ['another repository', 'repository', { repository: 'acme/other' }, {}],
    ['another repository of the same name', 'repository_id', { repository_id: '5' }, {}],
    [
      'another workflow of the repository',
      'workflow_ref',
      { workflow_ref: 'acme/platform/.github/workflows/ci.yml@refs/heads/main' },
      {},
    ],
    [
      'a workflow whose name only starts with the right name',
      'workflow_ref',
      { workflow_ref: 'acme/platform/.github/workflows/deploy-console.yml.yml@refs/heads/main' },
      {},
    ],
    [
      'the workflow of another branch',
      'workflow_ref',
      { workflow_ref: 'acme/platform/.github/workflows/deploy-console.yml@refs/heads/main-2' },
      {},
    ],
    ['another run than in the body', 'run_id', {}, { run_id: '8' }],
    ['another attempt than in the body', 'run_attempt', {}, { run_id: '7', run_attempt: 2 }],
  ])(
    'a run token of %s is refused with 403 and audited as %s, and nothing of the callback is stored',
    async (_, mismatch, claims, said) => {
      const { id } = await insertDeployAt(console_.deps, 'dispatched', { repositoryId: 900100n })
      const token = await issuer.mint({ claims })
      const answer = await sendWithToken(id, { status: 'building', log_line: 'x', ...said }, token)
      await expectRefused(id, answer, mismatch, 'oidc')
    },
  )

  const minutes = (count: number) => new Date(Date.now() + count * 60_000)
  it.each<[string, () => Promise<string>]>([
    ['for another audience', () => issuer.mint({ audience: 'https://github.com/acme' })],
    ['of another issuer', () => issuer.mint({ issuer: 'https://token.actions.githubusercontent.com' })],
    ['signed with another key under the known key id', () => issuer.mint({ key: 'stranger' })],
    ['signed with an unknown key id', () => issuer.mint({ kid: 'two' })],
    ['that expired more than five minutes ago', () => issuer.mint({ at: minutes(-11) })],
    ['issued more than five minutes in the future', () => issuer.mint({ at: minutes(6) })],
    [
      'issued more than an hour ago with a far expiry',
      () => issuer.mint({ at: minutes(-70), claims: { exp: 9_999_999_999 } }),
    ],
    ['without an expiry', () => issuer.mint({ lacking: 'exp' })],
    ['without an issue time', () => issuer.mint({ lacking: 'iat' })],
    ['without a start time', () => issuer.mint({ lacking: 'nbf' })],
    ['whose run is not a number', () => issuer.mint({ claims: { run_id: '0x7' } })],
    ['whose run is missing', () => issuer.mint({ claims: { run_id: undefined } })],
    ['longer than the limit', async () => `${await issuer.mint()}${'A'.repeat(9_000)}`],
    ['with a shortened signature', async () => (await issuer.mint()).slice(0, -20)],
    [
      'with a changed payload',
      async () => {
        const [head, , signature] = (await issuer.mint()).split('.')
        const [, other] = (await issuer.mint({ claims: { run_id: '8' } })).split('.')
        return `${head}.${other}.${signature}`
      },
    ],
    ['without a signature (alg none)', async () => new UnsecuredJWT({ run_id: '7' }).setIssuer(issuer.issuer).encode()],
  ])('a run token %s is refused with 401, and nothing is written', async (_, mint) => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    expect(await sendWithToken(id, { status: 'building' }, await mint())).toMatchObject({
      http: 401,
      code: 'signature_invalid',
    })
    expect(await auditOf(id)).toEqual([])
  })

  it('a run token is accepted up to five minutes after its expiry', async () => {
    const { id } = await insertDeployAt(console_.deps, 'dispatched')
    expect(await sendWithToken(id, { status: 'building' }, await issuer.mint({ at: minutes(-9) }))).toMatchObject({
      http: 200,
    })
  })
})

describe('the keys of the token issuer', () => {
  /** A console that has not read the keys yet. */
  const fresh = () => ({ ...console_.deps, runTokens: connectRunTokens(console_.deps.config) })

  it.each<[string, Answer]>([
    ['answered 503', { status: 503, text: '{}' }],
    ['answered with a page', { status: 200, text: '<!doctype html>' }],
    ['answered with another kind of JSON', { status: 200, text: '{"keys":"none"}' }],
    ['redirected', { status: 302, text: '', headers: { location: '/_services/token/elsewhere' } }],
    ['without end', { status: 200, text: `{"keys":[],"x":"${'x'.repeat(300_000)}"}` }],
  ])(
    'a callback is answered 503 with Retry-After while the keys are %s, and accepted once the keys arrive',
    async (_, keys) => {
      const deps = fresh()
      const { id } = await insertDeployAt(deps, 'dispatched')
      const [token, webhookId] = [await issuer.mint(), randomUUID()]
      issuer.script.onTokenKeys = () => keys
      const send = () => receiveCallback(deps, callbackWithToken(id, { status: 'building' }, token, webhookId), id)
      const away = await send()
      expect([away.status, away.headers.get('retry-after')]).toEqual([503, '5'])
      expect(await away.json()).toMatchObject({ code: 'issuer_unavailable' })
      expect(await storedOf(id)).toMatchObject({ status: 'dispatched', receipts: [] })
      issuer.script.onTokenKeys = issuer.giveKeys
      expect(await answerOf(await send())).toMatchObject({ http: 200, applied: true })
    },
  )

  it('a callback is answered 503 if the keys never arrive', { timeout: 20_000 }, async () => {
    const deps = fresh()
    issuer.script.onTokenKeys = neverAnswered
    const request = callbackWithToken(deps.newId(), { status: 'building' }, await issuer.mint())
    expect((await receiveCallback(deps, request, deps.newId())).status).toBe(503)
  })

  it('keys are read once for many callbacks, even if some name unknown keys', async () => {
    const deps = fresh()
    const before = issuer.asked()
    const { id } = await insertDeployAt(deps, 'dispatched')
    for (let n = 0; n < 5; n += 1) {
      const request = callbackWithToken(id, { status: 'building' }, await issuer.mint())
      expect((await receiveCallback(deps, request, id)).status).toBe(200)
      const unknown = callbackWithToken(id, { status: 'building' }, await issuer.mint({ kid: `made up ${n}` }))
      expect((await receiveCallback(deps, unknown, id)).status).toBe(401)
    }
    expect(issuer.asked() - before).toBe(1)
  })
})

describe('a freeze check with a run token', () => {
  const ask = async (headers: HeadersInit, surface: string) => {
    const request = new Request(`http://localhost/api/internal/freezes?surface=${surface}`, { headers })
    return answerOf(await answerFreezeCheck(console_.deps, request))
  }
  const asking = async (claims: Record<string, string> = {}) => ({
    authorization: `Bearer ${await issuer.mint({ claims })}`,
    'webhook-id': randomUUID(),
  })

  it("a freeze check accepts a run token of the surface's repository and refuses one of another", async () => {
    const { surface } = await insertDeployAt(console_.deps, 'dispatched')
    expect(await ask(await asking(), surface.id)).toMatchObject({ http: 200, frozen: false })
    expect(await ask(await asking({ repository: 'acme/other' }), surface.id)).toMatchObject({
      http: 403,
      code: 'reporter_refused',
    })
  })
})
