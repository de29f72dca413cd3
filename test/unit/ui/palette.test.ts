import { describe, expect, it } from 'vitest'
import type { SurfaceTile } from '~/domain/surface/tile'
import { type Entry, entriesOfDeploys, findEntries, type Known, listEntries } from '~/ui/palette/entries'
import { deployThrough, tile } from './fixtures'

const SHA = 'b'.repeat(40)
const api = tile('api-prod', {
  name: 'API',
  lastGood: { deployId: 'd1', sha: SHA, finishedAt: '2026-11-29T03:00:00.000Z', healthyAt: null },
  lastDeploy: deployThrough(['requested', 'dispatched', 'building', 'deploying', 'succeeded']),
})
const version = {
  ...{ sha: 'c'.repeat(40), tag: null, url: '', seenAt: '', behindBy: 0, aheadBy: 0, comparedAt: null },
  shippedHere: true,
}
const staging = tile('api-staging', { name: 'API', environment: 'staging', version })
const known: Known = {
  tiles: [api, staging],
  pages: [{ href: '/audit', name: 'Audit', key: 'u' }],
  people: [{ userId: 'u1', name: 'Grace Hopper', email: 'grace@example.com' }],
  mayDeploy: () => true,
  mayLock: true,
}
const entriesOf = (over: Partial<Known> = {}) => listEntries({ ...known, ...over })
const found = (typed: string, entries: readonly Entry[] = entriesOf()) =>
  findEntries(entries, typed, new Set()).flatMap(({ items }) => items)
const addresses = (entries: readonly Entry[]) => entries.map(({ to }) => ('href' in to ? to.href : to.run))

describe('the palette', () => {
  it('adds the deploys that the server found, but not one that it shows already', () => {
    const last = api.lastDeploy
    if (last === null) throw new Error('no deploy')
    const older = {
      ...last,
      id: '0193a0c0-0000-7000-8000-000000000009',
      reason: null,
      kind: 'deploy',
      approvedBy: null,
    }
    const surface = { id: 'api-prod', name: 'API', environment: 'production' }
    const given = entriesOfDeploys([
      { ...older, surface, failureDetail: null },
      { ...older, id: last.id, surface, failureDetail: null },
    ])
    const shown =
      findEntries(entriesOf(), 'main', new Set(), given).find(({ label }) => label === 'Deploys')?.items ?? []
    expect(addresses(shown)).toEqual([`/?deploy=${last.id}`, `/?deploy=${older.id}`])
  })

  it('reaches a surface, its deploy, a page, a person and an action by name', () => {
    expect(addresses(found('api-prod'))).toEqual(expect.arrayContaining(['/surfaces/api-prod', '/?surface=api-prod']))
    expect(addresses(found('succeeded api'))).toEqual([`/?deploy=${api.lastDeploy?.id}`])
    expect(addresses(found('audit'))).toEqual(['/audit'])
    expect(addresses(found('hopper'))).toEqual(['/people'])
    expect(addresses(found('sign out'))).toEqual(['sign_out'])
  })

  it('opens the review of a rollback and of a promotion with their commit chosen, and sends nothing', () => {
    expect(addresses(found('roll back'))).toEqual([`/?surface=api-prod&ref=${SHA}&rollback=d1`])
    expect(addresses(found('promote'))).toEqual([`/?surface=api-prod&ref=${version.sha}&promote=api-staging`])
  })

  it('offers a running deploy to follow, and no other deploy of its surface', () => {
    const running: SurfaceTile = { ...api, lastDeploy: deployThrough(['requested', 'dispatched']) }
    const actions = entriesOf({ tiles: [running], mayLock: false }).filter(({ group }) => group === 'Actions')
    expect(actions.map(({ verb }) => verb)).toEqual(['Follow the deploy of'])
  })

  it('offers nobody an action that their role does not allow', () => {
    const entries = entriesOf({ mayDeploy: () => false, mayLock: false })
    expect(entries.filter(({ group }) => group === 'Actions')).toEqual([])
  })

  it('opens a deploy by its id, whether or not it is on the grid', () => {
    const id = '0193a0c0-0000-7000-8000-0000000000ff'
    expect(addresses(found(id))).toEqual([`/?deploy=${id}`])
  })

  it('shows what is urgent and the pages before anything is typed', () => {
    const shown = findEntries(entriesOf(), '', new Set(['surface api-prod'])).flatMap(({ items }) => addresses(items))
    expect(shown).toContain('/surfaces/api-prod')
    expect(shown).toContain('/audit')
    expect(shown).not.toContain('/surfaces/api-staging')
  })

  it('shows entries that start with the text before those that only contain it', () => {
    const surfaces = ['web', 'api', 'api-docs'].map((name) => tile(`${name}-x`, { name }))
    const entries = entriesOf({ tiles: [tile('old', { name: 'old api' }), ...surfaces], mayLock: false })
    const names = found('api', entries).filter(({ group }) => group === 'Surfaces')
    expect(names.map(({ subject }) => subject)).toEqual(['api', 'api-docs', 'old api'])
  })
})
