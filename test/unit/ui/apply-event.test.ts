import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { getQueryKey } from '@trpc/react-query'
import fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'
import { NO_QUEUE } from '~/domain/deploy/queue'
import type { LiveEvent } from '~/domain/surface/live'
import { applyEvent } from '~/ui/live/apply-event'
import { trpc } from '~/ui/trpc/client'
import { QUIET, tile } from './fixtures'

const GRID = getQueryKey(trpc.surfaces.list, undefined, 'query')
const DEPLOY = getQueryKey(trpc.deploys.get, { id: 'x' }, 'query')

const queries = new QueryClient({ defaultOptions: { queries: { retry: false, networkMode: 'always' } } })
afterEach(() => queries.clear())

/** A part of the page whose answers arrive when the test says so. Each is what the server knew when it was asked. */
function answeredLater(queryKey: readonly unknown[], serverKnows: () => unknown) {
  const onTheirWay: (() => void)[] = []
  const observer = new QueryObserver(queries, {
    queryKey,
    queryFn: () => {
      const answer = serverKnows()
      return new Promise((resolve) => onTheirWay.push(() => resolve(answer)))
    },
  })
  const stop = observer.subscribe(() => undefined)
  /** Lets the oldest answer arrive. False if there is none. */
  const answer = async (): Promise<boolean> => {
    const arrive = onTheirWay.shift()
    arrive?.()
    await new Promise((resolve) => setImmediate(resolve))
    return arrive !== undefined
  }
  return { answer, stop, shows: () => queries.getQueryData(queryKey) }
}

/** A part of the page with these answers of the server in turn. */
function shown(queryKey: readonly unknown[], ...answers: readonly unknown[]) {
  let asked = 0
  const observer = new QueryObserver(queries, {
    queryKey,
    queryFn: async () => {
      const answer = answers[asked++]
      if (answer instanceof Error) throw answer
      return answer
    },
  })
  const seen: unknown[] = []
  const stop = observer.subscribe(({ fetchStatus, data }) => fetchStatus === 'idle' && seen.push(data))
  const settled = (times: number) => expect.poll(() => seen.length).toBeGreaterThanOrEqual(times)
  return { asked: () => asked, seen, settled, stop }
}
it('asks for the grid again when a request of the reader waits no more, and not for that of somebody else', async () => {
  const AT = '2026-11-29T03:00:00.000Z'
  const queued = (id: string, requestedBy: string, requestedByOwner: string | null = null) => ({
    ...{ id, position: 1, kind: 'deploy' as const, sourceId: null, ref: 'main', sha: 'a'.repeat(40) },
    ...{ requestedBy, requestedByOwner, requestedAt: AT, expiresAt: AT },
  })
  const withQueue = (...waiting: ReturnType<typeof queued>[]) => tile('api', { queue: { ...NO_QUEUE, waiting } })
  const [own, ofToken, other] = [queued('1', 'ada'), queued('2', 'token:ci', 'ada'), queued('3', 'bob')]
  const answers = ['asked once', 'asked twice', 'asked three times']
  const gridQuery = shown(
    GRID,
    ...answers.map((said) => ({
      surfaces: [withQueue(own, ofToken, other)],
      ended: [said],
      silent: [],
      now: QUIET.now,
    })),
  )
  await gridQuery.settled(1)
  const tell = (...waiting: ReturnType<typeof queued>[]) =>
    applyEvent(queries, { ...QUIET, tiles: [withQueue(...waiting)] }, 'ada')
  tell(own, ofToken)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(gridQuery.asked()).toBe(1)
  expect(queries.getQueryData(GRID)).toMatchObject({ ended: ['asked once'] })
  tell(ofToken)
  await expect.poll(gridQuery.asked).toBe(2)
  await expect.poll(() => queries.getQueryData(GRID)).toMatchObject({ ended: ['asked twice'] })
  tell(own)
  await expect.poll(gridQuery.asked).toBe(3)
  gridQuery.stop()
})

const grid = (health: 'healthy' | 'unhealthy') => ({
  surfaces: [tile('api', { health: { state: health, detail: null, checkedAt: null } })],
  silent: [],
  now: QUIET.now,
})

it('shows a changed tile from the event without a request', async () => {
  const gridQuery = shown(GRID, grid('healthy'))
  await gridQuery.settled(1)
  applyEvent(queries, { ...QUIET, tiles: grid('unhealthy').surfaces, silent: ['acme/platform'] })
  expect(queries.getQueryData(GRID)).toEqual({ ...grid('unhealthy'), silent: ['acme/platform'] })
  expect(gridQuery.asked()).toBe(1)
  gridQuery.stop()
})

it('reads a deploy again at the next event after a failed read, whatever the event says', async () => {
  const dialog = shown(DEPLOY, { status: 'deploying' }, new Error('503'), { status: 'succeeded' })
  await dialog.settled(1)
  applyEvent(queries, { ...QUIET, deploys: ['x'] })
  await dialog.settled(2)
  expect(queries.getQueryData(DEPLOY)).toEqual({ status: 'deploying' })
  applyEvent(queries, QUIET)
  await expect.poll(() => queries.getQueryData(DEPLOY)).toEqual({ status: 'succeeded' })
  dialog.stop()
})

it('reads the grid again at the next event after a failed read', async () => {
  const gridQuery = shown(GRID, grid('healthy'), new Error('503'), grid('unhealthy'))
  await gridQuery.settled(1)
  applyEvent(queries, { ...QUIET, reload: true })
  await gridQuery.settled(2)
  applyEvent(queries, QUIET)
  await expect.poll(() => queries.getQueryData(GRID)).toEqual(grid('unhealthy'))
  gridQuery.stop()
})

it('requests only what changed while nothing has failed', async () => {
  const [gridQuery, dialog] = [shown(GRID, grid('healthy')), shown(DEPLOY, { status: 'deploying' })]
  await Promise.all([gridQuery.settled(1), dialog.settled(1)])
  applyEvent(queries, { ...QUIET, deploys: ['another'], deliveries: true, health: true })
  expect([gridQuery.asked(), dialog.asked()]).toEqual([1, 1])
  for (const part of [gridQuery, dialog]) part.stop()
})

it('reads a deploy again if a change arrives during its first read', async () => {
  let status = 'deploying'
  const dialog = answeredLater(DEPLOY, () => ({ status }))
  status = 'succeeded'
  applyEvent(queries, { ...QUIET, deploys: ['x'] })
  while (await dialog.answer());
  expect(dialog.shows()).toEqual({ status: 'succeeded' })
  dialog.stop()
})

it('shows an answer even if events arrive faster than answers', async () => {
  let line = 0
  const dialog = answeredLater(DEPLOY, () => ({ line }))
  const gridQuery = answeredLater(GRID, () => grid('healthy'))
  await Promise.all([dialog.answer(), gridQuery.answer()])
  for (line = 1; line <= 30; line += 1) {
    applyEvent(queries, { ...QUIET, reload: line === 1, deploys: ['x'] })
    if (line % 10 === 0) await dialog.answer()
  }
  expect(dialog.shows()).toEqual({ line: 20 })
  applyEvent(queries, { ...QUIET, tiles: grid('unhealthy').surfaces })
  await gridQuery.answer()
  expect(gridQuery.shows()).toEqual(grid('unhealthy'))
  for (const part of [dialog, gridQuery]) part.stop()
})

it('the page ends in the server’s state, whatever the order of changes, events and answers', async () => {
  const step = fc.constantFrom('change', 'event', 'reload', 'deploy answer', 'grid answer')
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      queries.clear()
      let version = 0
      const now = () => ({ surfaces: [tile('api', { name: `api ${version}` })], silent: [], now: QUIET.now })
      const told: LiveEvent[] = []
      const dialog = answeredLater(DEPLOY, () => ({ version }))
      const gridQuery = answeredLater(GRID, now)
      for (const what of steps) {
        if (what === 'change') {
          version += 1
          told.push({ ...QUIET, deploys: ['x'], tiles: now().surfaces })
        } else if (what === 'deploy answer') await dialog.answer()
        else if (what === 'grid answer') await gridQuery.answer()
        else applyEvent(queries, what === 'reload' ? { ...QUIET, reload: true } : (told.shift() ?? QUIET))
      }
      for (const event of told) applyEvent(queries, event)
      while ((await dialog.answer()) || (await gridQuery.answer()));
      expect([dialog.shows(), gridQuery.shows()]).toEqual([{ version }, now()])
      for (const part of [dialog, gridQuery]) part.stop()
    }),
  )
})
