import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Actor } from '~/domain/actor'
import { createTokenFor } from '~/server/tokens/manage-tokens'
import { createCaller } from '~/server/trpc/routers/_app'
import { createContextInner } from '~/server/trpc/routers/procedures'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/token-owners'

let console_: TestConsole
let ada: Actor
let dan: Actor
let stella: Actor
const as = (actor: Actor) => createCaller(createContextInner(console_.deps, actor)).tokens

beforeAll(async () => {
  console_ = await createTestConsole()
  await insertSurface(console_.deps, { id: 'api-prod' })
  await insertSurface(console_.deps, { id: 'api-staging', environment: 'staging' })
  ada = await insertMember(console_.deps, 'ada@example.com')
  dan = await insertMember(console_.deps, 'dan@example.com', { role: 'deployer' })
  stella = await insertMember(console_.deps, 'stella@example.com', { role: 'deployer', environments: ['staging'] })
})
afterAll(() => console_.close())

const READS = { permissions: ['deploy.read' as const], expiresInDays: 30 }
const auditOf = (action: string) =>
  console_.deps.db.auditEvent.findMany({
    where: { action },
    orderBy: { id: 'asc' },
    select: { actor: true, payload: true },
  })

describe('creating a token', () => {
  it("a token's secret is shown once, and neither the list nor any table holds it", async () => {
    const { secret, token } = await as(dan).create({ ...READS, label: 'shown-once' })
    expect(token).toMatchObject({ label: 'shown-once', owner: 'dan@example.com', state: 'active', lastUsedAt: null })
    expect(JSON.stringify(token)).not.toContain(secret)
    expect(JSON.stringify(await as(ada).list({}))).not.toContain(secret.slice(3, 46))
    expect(await wholeDatabase()).toContain('shown-once')
    expect(await wholeDatabase()).not.toContain(secret.slice(3, 46))
  })

  it('creating and revoking a token is audited with the scope and the actor, once', async () => {
    const { token } = await as(dan).create({
      label: 'audited',
      permissions: ['deploy.dispatch', 'deploy.read'],
      environments: ['staging'],
      surfaces: ['api-staging'],
      expiresInDays: 7,
    })
    await as(ada).revoke({ id: token.id })
    await as(ada).revoke({ id: token.id })
    const payload = {
      token_id: token.id,
      label: 'audited',
      owner: 'dan@example.com',
      permissions: ['deploy.dispatch', 'deploy.read'],
      environments: ['staging'],
      surfaces: ['api-staging'],
      expires_at: token.expiresAt,
    }
    expect((await auditOf('console.token.created')).at(-1)).toEqual({ actor: 'dan@example.com', payload })
    expect(await auditOf('console.token.revoked')).toEqual([{ actor: 'ada@example.com', payload }])
  })

  it.each([
    ['an invalid label', { label: 'token one' }],
    ['no permission', { permissions: [] }],
    ['a permission that no token can have', { permissions: ['token.manage'] }],
    ['no expiry', { expiresInDays: undefined }],
    ['an expiry after more than a year', { expiresInDays: 366 }],
    ['an empty list of surfaces', { surfaces: [] }],
    ['a permission for changes and no environment', { permissions: ['deploy.dispatch'] }],
    ['an unknown environment', { permissions: ['deploy.dispatch'], environments: ['prodution'] }],
    ['a surface of another environment', { environments: ['staging'], surfaces: ['api-prod'] }],
  ])('a token with %s is refused, and none is created', async (_, overrides) => {
    const before = await console_.deps.db.apiToken.count()
    const input = { ...READS, label: 'refused', ...overrides }
    // Called without types, as over the network.
    await expect(Reflect.apply(as(dan).create, undefined, [input])).rejects.toThrow()
    expect(await console_.deps.db.apiToken.count()).toBe(before)
  })

  it('the database limits a token to a year', async () => {
    const { token } = await as(dan).create({ ...READS, label: 'a-year', expiresInDays: 365 })
    const data = { expiresAt: new Date(Date.parse(token.createdAt) + 367 * 86_400_000) }
    await expect(console_.deps.db.apiToken.update({ where: { id: token.id }, data })).rejects.toThrow('expiry')
  })

  it('a token cannot have permissions or environments that its owner does not have', async () => {
    const dispatch = { permissions: ['deploy.dispatch' as const], expiresInDays: 1, label: 'too-much' }
    const refused = { data: undefined, cause: { code: 'permission_refused' } }
    await expect(
      as(dan).create({ ...READS, permissions: ['freeze.override'], environments: ['staging'], label: 'x' }),
    ).rejects.toMatchObject({ cause: { code: 'permission_refused' } })
    await expect(as(stella).create({ ...dispatch, environments: ['production'] })).rejects.toMatchObject({
      cause: refused.cause,
    })
    await expect(as(stella).create({ ...dispatch, environments: ['staging', 'production'] })).rejects.toMatchObject({
      cause: refused.cause,
    })
    expect(await console_.deps.db.apiToken.count({ where: { label: 'too-much' } })).toBe(0)
  })

  it('only permissions, environments and surfaces of the owner are offered', async () => {
    expect(await as(stella).choices()).toEqual({
      permissions: ['surface.read', 'deploy.read', 'audit.read', 'deploy.dispatch', 'deploy.cancel', 'freeze.read'],
      environments: ['staging'],
      surfaces: [{ id: 'api-staging', name: expect.any(String), environment: 'staging' }],
    })
  })

  it('creating a token requires a fresh proof, and the command line needs none', async () => {
    const stale = { ...dan, provedAt: new Date(Date.now() - 16 * 60_000) }
    const made = () => console_.deps.db.apiToken.count()
    const before = await made()
    const refused = { cause: { code: 'proof_stale' } }
    await expect(as(stale).create({ ...READS, label: 'unproved' })).rejects.toMatchObject(refused)
    await expect(as({ ...dan, provedAt: null }).create({ ...READS, label: 'unproved' })).rejects.toMatchObject(refused)
    expect(await made()).toBe(before)
    await as(dan).create({ ...READS, label: 'proved' })
    const input = { ...READS, label: 'by-command', environments: [], surfaces: null }
    await createTokenFor(console_.deps, dan.name, input)
    expect(await made()).toBe(before + 2)
    expect((await auditOf('console.token.created')).at(-1)).toMatchObject({ actor: 'console' })
  })

  it('neither a token nor a viewer can create or list tokens', async () => {
    const token: Actor = { ...ada, via: 'token', permissions: ['deploy.read'] }
    const viewer: Actor = { ...ada, role: 'viewer' }
    for (const actor of [token, viewer]) {
      await expect(as(actor).create({ ...READS, label: 'no' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
      await expect(as(actor).list({})).rejects.toMatchObject({ code: 'FORBIDDEN' })
    }
  })

  it('a label can be used by two owners, and by one owner again after revocation', async () => {
    const first = await as(dan).create({ ...READS, label: 'ci' })
    const other = await as(stella).create({ ...READS, label: 'ci' })
    expect(other.secret).not.toBe(first.secret)
    await expect(as(dan).create({ ...READS, label: 'ci' })).rejects.toMatchObject({
      cause: { code: 'token_label_taken' },
    })
    await as(dan).revoke({ id: first.token.id })
    await as(dan).create({ ...READS, label: 'ci' })
  })
})

describe("another person's token", () => {
  it("a deployer neither sees nor can revoke another person's token, as if it did not exist", async () => {
    const { token } = await as(dan).create({ ...READS, label: 'of-dan' })
    const { tokens } = await as(stella).list({})
    expect(new Set(tokens.map(({ owner }) => owner))).toEqual(new Set(['stella@example.com']))
    const refusal = await as(stella)
      .revoke({ id: token.id })
      .catch((error: unknown) => error)
    const unknown = await as(stella)
      .revoke({ id: console_.deps.newId() })
      .catch((error: unknown) => error)
    for (const error of [refusal, unknown])
      expect(error).toMatchObject({ code: 'NOT_FOUND', cause: { code: 'token_unknown' } })
    expect((await as(dan).list({})).tokens.find(({ id }) => id === token.id)).toMatchObject({ state: 'active' })
  })

  it("an admin sees and can revoke another person's token", async () => {
    const { token } = await as(dan).create({ ...READS, label: 'leaked' })
    expect((await as(ada).list({})).tokens.map(({ id }) => id)).toContain(token.id)
    await as(ada).revoke({ id: token.id })
    expect((await as(dan).list({})).tokens.find(({ id }) => id === token.id)).toMatchObject({
      state: 'revoked',
      revoked: { by: 'ada@example.com' },
    })
  })
})

it('the list shows each token once across pages, newest first', async () => {
  const pat = await insertMember(console_.deps, 'pat@example.com', { role: 'deployer' })
  const made: string[] = []
  for (let count = 0; count < 5; count += 1)
    made.unshift((await as(pat).create({ ...READS, label: `n${count}` })).token.id)
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<ReturnType<typeof as>['list']>> = await as(pat).list({ cursor, limit: 2 })
    seen.push(...page.tokens.map(({ id }) => id))
    cursor = page.nextCursor
  } while (cursor !== null)
  expect(seen).toEqual(made)
})

/** Every row of every table, as text. */
async function wholeDatabase(): Promise<string> {
  const { db } = console_.deps
  const tables = await db.$queryRaw<
    { name: string }[]
  >`SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public'`
  const texts: string[] = []
  for (const { name } of tables) {
    const rows = await db.$queryRawUnsafe<{ text: string | null }[]>(
      `SELECT string_agg(t::text, ' ') AS text FROM "${name}" AS t`,
    )
    texts.push(rows[0]?.text ?? '')
  }
  return texts.join('\n')
}
