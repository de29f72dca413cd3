import { createTRPCClient } from '@trpc/client'
import { observable } from '@trpc/server/observable'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { isSameService } from '~/domain/surface/service'
import type { AppRouter } from '~/server/trpc/routers/_app'
import { timesWords } from '~/ui/freezes/freeze-words'
import { NoWorker } from '~/ui/grid/freeze-strip'
import { completeEvent, completeOlderAnswers } from '~/ui/trpc/older-answers'
import { QUIET, tile } from './fixtures'

/** A page of this version, whose server gives this answer. */
const pageOf = (data: unknown) =>
  createTRPCClient<AppRouter>({
    links: [
      completeOlderAnswers(),
      () => () =>
        observable((observer) => {
          observer.next({ result: { type: 'data', data } })
          observer.complete()
        }),
    ],
  })

const without = (value: object, ...members: readonly string[]) =>
  Object.fromEntries(Object.entries(value).filter(([name]) => !members.includes(name)))
const [api, web] = [tile('api'), tile('web', { workflow: 'web.yml' })]
const now = '2026-11-29T05:00:00.000Z'
const lastGood = { deployId: 'd', sha: 'b'.repeat(40), finishedAt: now }

describe('a page of this version, with a replica of the previous one', () => {
  it('shows the grid, and says nothing about workers', async () => {
    const surfaces = [{ ...api, lastGood }, web].map((one) => without(one, 'service', 'notice', 'queue'))
    const grid = await pageOf({ surfaces, silent: [], now }).surfaces.list.query()
    expect(grid).toEqual({
      surfaces: [{ ...api, lastGood: { ...lastGood, healthyAt: null } }, web],
      worker: null,
      silent: [],
      ended: [],
      now,
    })
    expect(renderToStaticMarkup(<NoWorker worker={grid.worker} now={grid.now} />)).toBe('')
  })

  it('does not take surfaces for one service because no answer names one', () => {
    const { tiles } = completeEvent({
      ...without(QUIET, 'worker', 'tiles'),
      tiles: [api, web].map((one) => without(one, 'service', 'notice')),
    } as never)
    expect(tiles.map((one) => isSameService(one, tiles[1] ?? one))).toEqual([false, true])
  })

  it('shows requests and deploys with no line of a checklist ticked', async () => {
    expect(await pageOf({ id: 'x' }).approvals.get.query({ id: 'x' })).toEqual({ id: 'x', checklist: [] })
    const page = { waiting: [{ id: 'x' }], decided: [], nextCursor: null }
    expect((await pageOf(page).approvals.list.query({})).waiting).toEqual([{ id: 'x', checklist: [] }])
    expect(await pageOf({ id: 'x', timeline: [] }).deploys.get.query({ id: 'x' })).toMatchObject({ checklist: [] })
  })

  it('shows a deploy without saying that its log was deleted, and its events without a proof', async () => {
    const older = { id: 'x', logTail: [], timeline: [{ at: now, action: 'console.deploy.dispatched' }] }
    const { logDeletedAt, approvalId, timeline } = await pageOf(older).deploys.get.query({ id: 'x' })
    expect({ logDeletedAt, approvalId }).toEqual({ logDeletedAt: null, approvalId: null })
    expect(timeline).toEqual([{ at: now, action: 'console.deploy.dispatched', proof: null }])
  })
})

it('the freezes of the previous version are worded as windows without a rule, and as locks', async () => {
  const older = { id: 'f', reason: 'x', createdBy: 'ada', createdAt: now, startsAt: now, endsAt: null, lifted: null }
  const frozen = { ...older, state: 'in_force', environment: 'production', surface: null }
  const locked = { ...older, state: 'in_force', environment: null, surface: { id: 'api', name: 'api' } }
  const list = { current: [frozen, locked], past: [{ ...frozen, state: 'over' }], cursor: null }
  const { current, past } = await pageOf(list).freezes.list.query({})
  expect([...current, ...past].map(({ kind }) => kind)).toEqual(['freeze', 'lock', 'freeze'])
  expect([...current, ...past].map(timesWords)).toEqual([
    'from 2026-11-29 05:00 UTC, until it is lifted',
    'from 2026-11-29 05:00 UTC, until it is unlocked',
    'from 2026-11-29 05:00 UTC, until it is lifted',
  ])
})

it('a review of the previous version shows its changes, and says that the checks were not read', async () => {
  const older = { surfaceId: 'api', ref: 'main', comparison: null }
  const review = await pageOf(older).surfaces.review.query({ surfaceId: 'api', ref: 'main' })
  expect(review).toMatchObject({ ...older, pulls: [], checks: { checks: [], complete: false } })
})

it('an answer of this version stays as it is', async () => {
  const grid = {
    surfaces: [{ ...api, service: 'shop', lastGood: { ...lastGood, healthyAt: now } }],
    worker: { state: 'never' },
    silent: [],
    ended: [],
    now,
  }
  expect(await pageOf(grid).surfaces.list.query()).toEqual(grid)
  const deploy = {
    id: 'x',
    logDeletedAt: now,
    approvalId: 'a',
    checklist: [],
    watch: null,
    queue: null,
    timeline: [{ at: now, proof: 'prober' }],
  }
  expect(await pageOf(deploy).deploys.get.query({ id: 'x' })).toEqual(deploy)
})
