import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import type { EmbedKind } from '~/domain/embed'
import { EMBED_KNOWN_MS, EMBEDS_AT_MOST } from '~/domain/embed'
import { answerBadge, answerFeed, answerFeedPreflight } from '~/server/embeds/answer-embed'
import { createEmbed, listEmbeds, revokeEmbed } from '~/server/embeds/embeds'
import { actorNamed } from '~test/support/actors'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'

const SHA = 'abcdef0123456789abcdef0123456789abcdef01'
const HOSTILE = `<script>alert(1)</script>"'&\u202e\u0007${'x'.repeat(300)}`

let console_: TestConsole
const root = actorNamed('root')
beforeAll(async () => {
  console_ = await createTestConsole()
  Object.assign(globalThis, { deployConsoleDeps: console_.deps })
  await insertMember(console_.deps, root)
})
afterAll(() => console_.close())

async function healthySurface(overrides: object = {}) {
  const { deps } = console_
  const { id } = await insertSurface(deps)
  const seen = { health: 'healthy', healthCheckedAt: deps.now(), runningSha: SHA, runningSeenAt: deps.now() }
  return deps.db.surface.update({ where: { id }, data: { ...seen, ...overrides } })
}
const made = (kind: EmbedKind, surfaceId: string | null) => createEmbed(console_.deps, root, { kind, surfaceId })

/** What the route answers, as Next would call it. */
function ask(address: string, headers: Record<string, string> = {}): Promise<Response> {
  const { pathname } = new URL(address)
  const [, kind, of = ''] = pathname.split('/')
  const request = new Request(address, { headers })
  return kind === 'badge' ? answerBadge(request, decodeURIComponent(of)) : answerFeed(request, decodeURIComponent(of))
}
const badgeOf = async (surfaceId: string) => (await ask((await made('badge', surfaceId)).address)).text()
const withParameter = (address: string, name: string, value: string) => {
  const url = new URL(address)
  url.searchParams.set(name, value)
  return url.href
}

describe('a badge', () => {
  it('says name, version and health', async () => {
    const surface = await healthySurface()
    const svg = await badgeOf(surface.id)
    expect(svg).toContain(`<title>${surface.name}: abcdef0 · healthy</title>`)
    await console_.deps.db.surface.update({
      where: { id: surface.id },
      data: { reportedVersion: 'v1.4.0', health: 'unhealthy' },
    })
    expect(await badgeOf(surface.id)).toContain('v1.4.0 · unhealthy')
  })

  it('shows what was seen too long ago as unknown, and an archived surface as archived', async () => {
    const old = new Date(Date.now() - EMBED_KNOWN_MS - 1_000)
    const [stale, never, archived] = [
      await healthySurface({ healthCheckedAt: old, runningSeenAt: old }),
      await healthySurface({ healthCheckedAt: null, runningSeenAt: null, runningSha: null }),
      await healthySurface({ archivedAt: new Date() }),
    ]
    expect(await badgeOf(stale.id)).toContain('version unknown · unknown')
    expect(await badgeOf(never.id)).toContain('version unknown · unknown')
    expect(await badgeOf(archived.id)).toContain('version unknown · archived')
    const recent = new Date(Date.now() - EMBED_KNOWN_MS + 60_000)
    expect(await badgeOf((await healthySurface({ healthCheckedAt: recent })).id)).toContain('· healthy')
  })

  it('escapes a hostile name, shows what is invisible, and stays short', async () => {
    const surface = await healthySurface({ name: HOSTILE, reportedVersion: `"><a href="x">${'9'.repeat(500)}` })
    const svg = await badgeOf(surface.id)
    const tags = [...svg.matchAll(/<\/?([a-z]+)/gi)].map(([, tag]) => tag)
    expect(new Set(tags)).toEqual(new Set(['svg', 'title', 'rect', 'path', 'g', 'text']))
    expect(svg).toContain('&lt;script&gt;')
    expect(svg.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(svg.length).toBeLessThan(2_000)
  })

  it('may be kept for seconds, is not indexed, and names no person', async () => {
    const surface = await healthySurface()
    const answer = await ask((await made('badge', surface.id)).address)
    expect(Object.fromEntries(answer.headers)).toEqual({
      'cache-control': 'max-age=30, must-revalidate',
      'content-type': 'image/svg+xml; charset=utf-8',
      etag: expect.stringMatching(/^W\/"/),
      'x-robots-tag': 'noindex',
    })
    expect(await answer.text()).not.toContain('root')
  })

  it('is answered with 304 to who has it, until it changes', async () => {
    const surface = await healthySurface()
    const { address } = await made('badge', surface.id)
    const etag = (await ask(address)).headers.get('etag') ?? ''
    const again = await ask(address, { 'if-none-match': etag })
    expect(again.status).toBe(304)
    expect(again.headers.get('cache-control')).toBe('max-age=30, must-revalidate')
    await console_.deps.db.surface.update({ where: { id: surface.id }, data: { health: 'unreachable' } })
    expect((await ask(address, { 'if-none-match': etag })).status).toBe(200)
  })
})

const feedShape = z.object({
  version: z.literal('https://jsonfeed.org/version/1.1'),
  title: z.string(),
  feed_url: z.string(),
  items: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      content_text: z.string(),
      _deploy: z.record(z.string(), z.unknown()),
    }),
  ),
})

describe('a feed', () => {
  it('lists ended deploys of its surface, newest first, without people, refs, messages and reasons', async () => {
    const { deps } = console_
    const { id, surface } = await insertDeployAt(deps, 'succeeded')
    await deps.db.deploy.update({
      where: { id },
      data: {
        requestedBy: 'secret@example.com',
        reason: 'secret3',
        ref: 'secret4',
        failureDetail: 'secret5',
      },
    })
    const other = await insertDeployAt(deps, 'failed')
    await insertDeployAt(deps, 'building')
    const answer = await ask((await made('feed', surface.id)).address)
    expect(answer.headers.get('content-type')).toBe('application/feed+json; charset=utf-8')
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    const text = await answer.text()
    expect(text).not.toContain('secret')
    const feed = feedShape.parse(JSON.parse(text))
    expect(feed.items).toEqual([
      {
        id,
        title: `${surface.name}: Succeeded`,
        content_text: 'The version was shipped.',
        _deploy: expect.objectContaining({ surface: surface.id, status: 'succeeded', shipped: 'yes' }),
      },
    ])
    const all = feedShape.parse(await (await ask((await made('feed', null)).address)).json())
    expect(all.items.map((item) => item.id)).toEqual([other.id, id])
    expect(all.items[0]?.content_text).toBe('It is not known whether the version was shipped.')
  })

  it('of a surface with the id "all" and that of all surfaces are different addresses', async () => {
    const { deps } = console_
    await insertSurface(deps, { id: 'all' })
    const [one, every] = [await made('feed', 'all'), await made('feed', null)]
    expect(new URL(one.address).pathname).toBe(new URL(every.address).pathname)
    expect(feedShape.parse(await (await ask(one.address)).json()).items).toEqual([])
    expect(feedShape.parse(await (await ask(every.address)).json()).items.length).toBeGreaterThan(0)
    const id = new URL(every.address).searchParams.get('id') ?? ''
    expect((await ask(withParameter(one.address, 'id', id))).status).toBe(404)
  })
})

describe('a feed in the script of another site', () => {
  it('may be asked for with the tag of the last answer', async () => {
    const { address } = await made('feed', (await healthySurface()).id)
    const preflight = answerFeedPreflight()
    expect(preflight.status).toBe(204)
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'if-none-match',
      'access-control-allow-methods': 'GET, HEAD',
    })
    const first = await ask(address)
    expect(first.headers.get('access-control-expose-headers')).toBe('etag, retry-after')
    const again = await ask(address, { 'if-none-match': first.headers.get('etag') ?? '' })
    expect([again.status, again.headers.get('access-control-allow-origin')]).toEqual([304, '*'])
  })
})

const limits = (take: Readonly<Record<string, () => number>>) =>
  Object.fromEntries(Object.entries(take).map(([name, its]) => [name, { take: its }]))

describe('an address', () => {
  it('that is unknown, forged, revoked, or of another surface or kind answers the same 404 after the same look-up', async () => {
    const { deps } = console_
    const [surface, other] = [await healthySurface(), await healthySurface()]
    const badge = await made('badge', surface.id)
    const revoked = await made('badge', surface.id)
    await revokeEmbed(deps, root, revoked.id)
    const foreign = await made('badge', other.id)
    const signature = (address: string) => new URL(address).searchParams.get('signature') ?? ''
    const refused = {
      revoked: revoked.address,
      forged: withParameter(badge.address, 'signature', 'A'.repeat(43)),
      'without a signature': withParameter(badge.address, 'signature', ''),
      'with another id': withParameter(badge.address, 'id', foreign.id),
      'with an unknown id': withParameter(badge.address, 'id', deps.newId()),
      'without an id': withParameter(badge.address, 'id', 'x'),
      'with the signature of another surface': withParameter(badge.address, 'signature', signature(foreign.address)),
      'of another surface': badge.address.replace(surface.id, other.id),
      'of no picture': badge.address.replace('.svg', ''),
      'of another kind': badge.address.replace('/badge/', '/feed/').replace('.svg', ''),
    }
    const look = vi.spyOn(deps.db.embed, 'findUnique')
    const bodies = new Set<string>()
    for (const [what, address] of Object.entries(refused)) {
      look.mockClear()
      const answer = await ask(address)
      expect(answer.status, what).toBe(404)
      expect(answer.headers.get('access-control-allow-origin'), what).toBe(address.includes('/feed/') ? '*' : null)
      expect(look, what).toHaveBeenCalledOnce()
      bodies.add(await answer.text())
    }
    look.mockRestore()
    expect(bodies.size).toBe(1)
    expect((await ask(badge.address)).status).toBe(200)
  })

  it('goes on when the secret is rotated, and ends when the old secret is removed', async () => {
    const { address } = await made('badge', (await healthySurface()).id)
    const { deps } = console_
    const withSecrets = (authSecrets: readonly string[]) =>
      Object.assign(globalThis, { deployConsoleDeps: { ...deps, config: { ...deps.config, authSecrets } } })
    const fresh = 'n'.repeat(44)
    withSecrets([fresh, ...deps.config.authSecrets])
    expect((await ask(address)).status).toBe(200)
    withSecrets([fresh])
    expect((await ask(address)).status).toBe(404)
    Object.assign(globalThis, { deployConsoleDeps: deps })
  })

  it('has a rate of its own, and without a valid signature that of the asking address, never that of its people', async () => {
    const { deps } = console_
    const feed = await made('feed', (await healthySurface()).id)
    const take = { addresses: vi.fn(() => 9), unsigned: vi.fn(() => 8), embeds: vi.fn(() => 7) }
    Object.assign(globalThis, { deployConsoleDeps: { ...deps, rateLimits: { ...deps.rateLimits, ...limits(take) } } })
    const look = vi.spyOn(deps.db.embed, 'findUnique')
    for (const [address, wait] of [
      [feed.address, '7'],
      [withParameter(feed.address, 'signature', 'A'.repeat(43)), '8'],
    ] as const) {
      const answer = await ask(address)
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, wait])
      expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    }
    expect(look).not.toHaveBeenCalled()
    look.mockRestore()
    expect(take.embeds).toHaveBeenCalledExactlyOnceWith(feed.id)
    expect(take.unsigned).toHaveBeenCalledOnce()
    expect(take.addresses).not.toHaveBeenCalled()
    Object.assign(globalThis, { deployConsoleDeps: deps })
  })

  it('is created with a fresh proof alone, within the reach of the admin', async () => {
    const { deps } = console_
    const { id } = await healthySurface()
    const create = (limits: Parameters<typeof actorNamed>[1], surfaceId: string | null) =>
      createEmbed(deps, actorNamed('root', limits), { kind: 'feed', surfaceId })
    await expect(create({ provedAt: new Date(0) }, id)).rejects.toMatchObject({ code: 'proof_stale' })
    await expect(create({ provedAt: new Date(0) }, null)).rejects.toMatchObject({ code: 'proof_stale' })
    await expect(create({ environments: ['elsewhere'] }, id)).rejects.toMatchObject({ code: 'permission_refused' })
    await expect(create({ environments: ['production'] }, null)).rejects.toMatchObject({
      code: 'permission_refused',
      message: expect.stringContaining('can create a feed of all surfaces'),
    })
    expect(await deps.db.embed.count({ where: { surfaceId: id } })).toBe(0)
  })

  it('cannot exceed the number by a race, and each one in force is listed', async () => {
    const { deps } = console_
    const { id } = await healthySurface()
    for (let n = 1; n < EMBEDS_AT_MOST; n += 1) await made('feed', id)
    const admins = await Promise.all(['a1', 'a2', 'a3'].map((name) => insertMember(deps, actorNamed(name))))
    const raced = await Promise.allSettled(
      admins.map((admin) => createEmbed(deps, admin, { kind: 'feed', surfaceId: id })),
    )
    expect(raced.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    // Two processes of an older version could exceed it.
    const row = { kind: 'feed', surfaceId: id, createdBy: 'root', createdAt: new Date() }
    await deps.db.embed.create({ data: { ...row, id: deps.newId() } })
    expect(await listEmbeds(deps, id)).toHaveLength(EMBEDS_AT_MOST + 1)
  })

  it('is listed until it is revoked, is bounded in number, and both changes are audited without the address', async () => {
    const { deps } = console_
    const surface = await healthySurface()
    const first = await made('badge', surface.id)
    for (let n = 1; n < EMBEDS_AT_MOST; n += 1) await made('feed', surface.id)
    await expect(made('badge', surface.id)).rejects.toMatchObject({ code: 'embeds_full' })
    await revokeEmbed(deps, root, first.id)
    await revokeEmbed(deps, root, first.id)
    expect((await listEmbeds(deps, surface.id)).map(({ kind }) => kind)).not.toContain('badge')
    await expect(revokeEmbed(deps, root, deps.newId())).rejects.toMatchObject({ code: 'embed_unknown' })
    await expect(made('badge', 'nowhere')).rejects.toMatchObject({ code: 'surface_unknown' })
    const trail = await deps.db.auditEvent.findMany({ where: { surfaceId: surface.id }, orderBy: { id: 'asc' } })
    expect(trail.map(({ action }) => action)).toEqual([
      ...Array.from({ length: EMBEDS_AT_MOST }, () => 'console.embed.created'),
      'console.embed.revoked',
    ])
    expect(JSON.stringify(trail.map(({ payload }) => payload))).not.toContain('signature')
  })
})

describe('the version on a badge', () => {
  it('is the one that the console knows: none after a deploy that may have shipped, and no name of another commit', async () => {
    const { deps } = console_
    const seenAt = new Date(Date.now() - 120_000)
    for (const [shipped, said] of [
      ['unknown', 'version unknown'],
      ['yes', 'fedcba9'],
      ['no', 'v1.4.0'],
    ] as const) {
      const { id, surface } = await insertDeployAt(deps, 'failed')
      await deps.db.deploy.update({
        where: { id },
        data: { shipped, sha: `fedcba9${SHA.slice(7)}`, finishedAt: new Date() },
      })
      const reported = { runningSha: SHA, runningSeenAt: seenAt, reportedVersion: 'v1.4.0' }
      await deps.db.surface.update({ where: { id: surface.id }, data: reported })
      expect(await badgeOf(surface.id), shipped).toContain(`: ${said} · `)
    }
    expect(await badgeOf((await healthySurface({ runningSha: null, reportedVersion: 'v1' })).id)).toContain(
      'version unknown',
    )
  })
})
