import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Actor } from '~/domain/actor'
import { TOKEN_PERMISSIONS } from '~/domain/api-token'
import type { CreateTokenInput } from '~/domain/api-token-input'
import type { Deps } from '~/server/deps'
import { openFreeze } from '~/server/freezes/change-freezes'
import { openApiDocument } from '~/server/openapi/document'
import { createToken, revokeToken } from '~/server/tokens/manage-tokens'
import { newToken } from '~/server/tokens/token-format'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'
import { type RestAnswer, restClient } from '~test/support/rest-client'
import { startScriptedGitHub } from '~test/support/scripted-github'
import { insertMember } from '~test/support/token-owners'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
let deps: Deps
let rest: ReturnType<typeof restClient>
let ada: Actor
let people = 0
/** How far the console's clock is ahead of the real one. */
let ahead = 0

beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  deps = { ...console_.deps, now: () => new Date(Date.now() + ahead) }
  rest = restClient(deps)
  ada = await insertMember(deps, 'ada@example.com')
  // The environments that tokens can name.
  await insertSurface(deps)
  await insertSurface(deps, { environment: 'staging' })
})
beforeEach(() => {
  ahead = 0
  github.requests.length = 0
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

const ALL: CreateTokenInput = {
  label: 'ci',
  permissions: ['surface.read', 'deploy.read', 'audit.read', 'deploy.dispatch', 'deploy.cancel'],
  environments: ['production', 'staging'],
  surfaces: null,
  expiresInDays: 30,
}

/** A new person with a token of this scope. */
async function newOwner(
  scope: Partial<CreateTokenInput> = {},
  member: Parameters<typeof insertMember>[2] = { role: 'deployer' },
) {
  people += 1
  const owner = await insertMember(deps, `owner-${people}@example.com`, member)
  const made = await createToken(deps, owner, { ...ALL, ...scope })
  return { owner, ...made }
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })
const anyDeploy = () => `/api/internal/deploys/${randomUUID()}`
const read = (secret: string): Promise<RestAnswer> => rest.call('GET', anyDeploy(), { headers: bearer(secret) })
const ACCEPTED = { status: 404, body: { code: 'deploy_unknown' } }
const REFUSED = { status: 401, body: { code: 'token_refused' } }

async function dispatch(
  secret: string,
  surface: { id: string; confirm: string },
  extra: Record<string, unknown> = {},
  key: string = randomUUID(),
) {
  const headers = { ...bearer(secret), 'idempotency-key': key }
  const body = { surface: surface.id, ref: 'main', confirmation: surface.confirm, ...extra }
  return rest.call('POST', '/api/internal/deploys', { headers, body })
}

describe('using a token', () => {
  it("a deploy with a token shows the token's label and its owner", async () => {
    const { owner, secret } = await newOwner()
    const answer = await dispatch(secret, await insertSurface(deps))
    expect(answer.status).toBe(202)
    const location = answer.headers.get('location') ?? ''
    expect(await rest.call('GET', location, { headers: bearer(secret) })).toMatchObject({
      body: { requested_by: 'token:ci', requested_by_owner: owner.name },
    })
    const id = location.split('/').at(-1) ?? ''
    expect(await deps.db.deploy.findUnique({ where: { id } })).toMatchObject({ requestedByUserId: owner.userId })
    await rest.call('POST', `${location}/cancel`, { headers: bearer(secret) })
    const asked = ['console.deploy.requested', 'console.deploy.cancel_requested']
    const trail = await deps.db.auditEvent.findMany({ where: { deployId: id, action: { in: asked } } })
    expect(trail).toHaveLength(2)
    for (const row of trail) expect(row).toMatchObject({ actor: 'token:ci', payload: { user_id: owner.userId } })
  })

  it('a token works from another site, and a cookie beside a token is ignored', async () => {
    const { secret } = await newOwner()
    const elsewhere = {
      origin: 'https://ci.example',
      host: 'console.example',
      'sec-fetch-site': 'cross-site',
      cookie: 'session=1',
    }
    expect(await rest.call('GET', anyDeploy(), { headers: { ...bearer(secret), ...elsewhere } })).toMatchObject(
      ACCEPTED,
    )
    const refused = await rest.call('GET', anyDeploy(), { headers: { ...bearer(newToken()), cookie: 'session=1' } })
    expect(refused).toMatchObject(REFUSED)
  })

  it('the scheme of a token is accepted in any letter case', async () => {
    const { secret } = await newOwner()
    expect(await rest.call('GET', anyDeploy(), { headers: { authorization: `bEARER  ${secret}` } })).toMatchObject(
      ACCEPTED,
    )
  })

  it('the last use of a token is recorded at most once a minute', async () => {
    const { secret, token } = await newOwner()
    const lastUse = async () => (await deps.db.apiToken.findUniqueOrThrow({ where: { id: token.id } })).lastUsedAt
    await read(secret)
    await expect.poll(lastUse).toBeInstanceOf(Date)
    const first = await lastUse()
    ahead = 59_000
    await read(secret)
    ahead = 121_000
    await read(secret)
    await expect.poll(lastUse).not.toEqual(first)
    // If the second request had recorded its use, the third would be only 62 seconds later than that one.
    expect(Number(await lastUse()) - Number(first)).toBeGreaterThanOrEqual(120_000)
  })

  it("a token is refused by the screen's own procedures", async () => {
    const { secret } = await newOwner()
    const { GET } = await import('~/app/api/trpc/[trpc]/route')
    const headers = { ...bearer(secret), host: 'localhost:3000' }
    const answer = await GET(new Request('http://localhost:3000/api/trpc/surfaces.list', { headers }))
    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({ error: { data: { appCode: 'signed_out' } } })
  })
})

describe('a token that is refused', () => {
  it('expired, revoked, unknown, mistyped and missing tokens are refused with one answer', async () => {
    const { secret } = await newOwner({ expiresInDays: 1 })
    const revoked = await newOwner()
    await revokeToken(deps, revoked.owner, revoked.token.id)
    expect(await read(secret)).toMatchObject(ACCEPTED)
    ahead = 86_400_000
    const answers: RestAnswer[] = []
    for (const text of [
      secret,
      revoked.secret,
      newToken(),
      `${newToken().slice(0, -1)}_`,
      'x',
      '',
      'eyJhbGciOiJub25lIn0.e30.',
    ]) {
      answers.push(await read(text))
    }
    for (const answer of answers) {
      expect(answer).toMatchObject(REFUSED)
      expect(answer.body).toEqual(answers[0]?.body)
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="Deploy Console", error="invalid_token"')
    }
  })

  it('a mistyped token is refused without asking the database', async () => {
    const away = await createTestConsole({ env: { DATABASE_URL: 'postgresql://nobody:x@127.0.0.1:9/none' } })
    const client = restClient(away.deps, async () => '')
    const token = newToken()
    const typo = token.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
    expect(await client.call('GET', anyDeploy(), { headers: bearer(typo) })).toMatchObject(REFUSED)
    expect(await client.call('GET', anyDeploy(), { headers: bearer(token) })).toMatchObject({ status: 503 })
    await away.close()
    restClient(deps, async () => '')
  })

  it('a token is refused from the next request on after it is revoked or its owner is suspended or deleted', async () => {
    const [one, two, three] = [await newOwner(), await newOwner(), await newOwner()]
    for (const { secret } of [one, two, three]) expect(await read(secret)).toMatchObject(ACCEPTED)
    await revokeToken(deps, ada, one.token.id)
    await deps.db.member.update({ where: { userId: two.owner.userId }, data: { suspendedAt: deps.now() } })
    await deps.db.member.delete({ where: { userId: three.owner.userId } })
    for (const { secret } of [one, two, three]) expect(await read(secret)).toMatchObject(REFUSED)
    await deps.db.user.delete({ where: { id: three.owner.userId } })
    expect(await read(three.secret)).toMatchObject(REFUSED)
  })
})

describe('the limits of a token', () => {
  it("a token is limited by its owner's current role and environments", async () => {
    const { owner, secret } = await newOwner(
      { permissions: [...ALL.permissions, 'freeze.override'] },
      { role: 'approver' },
    )
    const where = { userId: owner.userId }
    await deps.db.member.update({ where, data: { allEnvironments: false, environments: ['staging'] } })
    expect(await dispatch(secret, await insertSurface(deps))).toMatchObject({
      status: 403,
      body: { environment: 'production' },
    })
    expect(await dispatch(secret, await insertSurface(deps, { environment: 'staging' }))).toMatchObject({ status: 202 })
    await deps.db.member.update({ where, data: { role: 'viewer' } })
    expect(await dispatch(secret, await insertSurface(deps, { environment: 'staging' }))).toMatchObject({
      status: 403,
      body: { code: 'permission_refused', permission: 'deploy.dispatch' },
    })
    expect(await read(secret)).toMatchObject(ACCEPTED)
    // The database refuses an unknown role.
    await expect(deps.db.member.update({ where, data: { role: 'root' } })).rejects.toThrow()
  })

  it('a token is limited to its environments and surfaces, for deploys and cancels', async () => {
    const mine = await insertSurface(deps, { environment: 'staging' })
    const { secret } = await newOwner({ environments: ['staging'], surfaces: [mine.id] })
    expect(await dispatch(secret, mine)).toMatchObject({ status: 202 })
    const other = await insertSurface(deps, { environment: 'staging' })
    expect(await dispatch(secret, other)).toMatchObject({ status: 403, body: { code: 'permission_refused' } })
    expect(await dispatch(secret, await insertSurface(deps))).toMatchObject({ status: 403 })
    const { id } = await insertDeployAt(deps, 'building')
    const cancel = await rest.call('POST', `/api/internal/deploys/${id}/cancel`, { headers: bearer(secret) })
    expect(cancel).toMatchObject({ status: 403, body: { code: 'permission_refused' } })
    expect(github.dispatches()).toHaveLength(1)
  })

  it("a token overrides a freeze only if both its scope and its owner's role allow overrides", async () => {
    const freeze = await openFreeze(deps, ada, { environment: 'production', reason: 'Release week' })
    const override = { override_freeze: { reason: 'Security fix' } }
    const plain = await newOwner({}, { role: 'approver' })
    const scoped = await newOwner({ permissions: ['deploy.dispatch', 'freeze.override'] }, { role: 'approver' })
    expect(await dispatch(plain.secret, await insertSurface(deps), override)).toMatchObject({
      status: 403,
      body: { permission: 'freeze.override' },
    })
    expect(await dispatch(scoped.secret, await insertSurface(deps), override)).toMatchObject({ status: 202 })
    await deps.db.member.update({ where: { userId: scoped.owner.userId }, data: { role: 'deployer' } })
    expect(await dispatch(scoped.secret, await insertSurface(deps), override)).toMatchObject({ status: 403 })
    await deps.db.freeze.delete({ where: { id: freeze.id } })
  })

  it('each operation of the OpenAPI document requires its permission, and each permission of tokens is used', async () => {
    const { paths } = described.parse(openApiDocument('http://localhost:3000'))
    const named = new Set<string>()
    for (const [template, methods] of Object.entries(paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        if (security.length === 0) continue
        // An operation for persons is refused even to a token with every permission.
        const permission = security[0]?.apiToken?.[0] ?? 'deploy.approve'
        if (permission !== 'deploy.approve') named.add(permission)
        const others = TOKEN_PERMISSIONS.filter((one) => one !== permission)
        const { secret } = await newOwner({ permissions: others }, { role: 'admin' })
        const path = `${template.replace('{id}', randomUUID())}?format=csv`
        const answer = await rest.call(method.toUpperCase(), path, { headers: bearer(secret) })
        expect(answer, `${method} ${template}`).toMatchObject({ status: 403, body: { permission } })
      }
    }
    // Every permission has a use. The document's own address and overrides are not in the document.
    expect([...named]).toEqual(
      expect.arrayContaining(['deploy.read', 'deploy.dispatch', 'deploy.cancel', 'audit.read']),
    )
    const taken = [...named, 'surface.read', 'freeze.override']
    expect(TOKEN_PERMISSIONS.filter((permission) => !taken.includes(permission))).toEqual([])
  })
})

it('two tokens with one label do not share idempotency keys', async () => {
  const [one, two] = [await newOwner(), await newOwner()]
  const key = randomUUID()
  const [first, second] = [await insertSurface(deps), await insertSurface(deps)]
  const made = await dispatch(one.secret, first, {}, key)
  const other = await dispatch(two.secret, second, {}, key)
  expect([made.status, other.status]).toEqual([202, 202])
  expect(other.headers.get('location')).not.toBe(made.headers.get('location'))
  const again = await dispatch(one.secret, first, {}, key)
  expect(again.headers.get('location')).toBe(made.headers.get('location'))
  expect(github.dispatches()).toHaveLength(2)
})

const described = z.object({
  paths: z.record(
    z.string(),
    z.record(z.string(), z.object({ security: z.array(z.object({ apiToken: z.array(z.string()).optional() })) })),
  ),
})
