// @vitest-environment happy-dom
import { Dialog } from '@base-ui/react/dialog'
import { describe, expect, it } from 'vitest'
import { type EndedRequest, NO_QUEUE, type QueuedView, type SurfaceQueue } from '~/domain/deploy/queue'
import { QueuedScreen } from '~/ui/deploy-modal/queue/queued-screen'
import { OwnRequestsStrip } from '~/ui/grid/own-requests-strip'
import { TileNote } from '~/ui/grid/tile'
import { askAgainAddress } from '~/ui/queue/ended-requests'
import { QueueList } from '~/ui/queue/queue-list'
import { endedSentence } from '~/ui/queue/queue-words'
import { deployThrough, tile } from './fixtures'
import { renderPage } from './render-page'

const AT = '2026-11-29T03:00:00.000Z'
const SHA = 'a'.repeat(40)
const reason = 'API is frozen: release week. Nothing was deployed. Ask again after the freeze.'

const ended = (overrides: Partial<EndedRequest> = {}): EndedRequest => ({
  ...{ id: 'q1', surface: { id: 'api', name: 'API', environment: 'production' }, state: 'refused', kind: 'deploy' },
  ...{ sourceId: null, ref: 'refs/heads/main', sha: SHA, requestedBy: 'ada', requestedByOwner: null },
  ...{ replacedById: null, end: { by: 'console', at: AT, reason } },
  ...overrides,
})
const queueOf = (requestedBy: string, queue: Partial<SurfaceQueue> = {}): SurfaceQueue => ({
  ...NO_QUEUE,
  waiting: [
    {
      ...{ id: 'w1', position: 1, kind: 'deploy', sourceId: null, ref: 'refs/heads/next', sha: SHA },
      ...{ requestedBy, requestedByOwner: null, requestedAt: AT, expiresAt: AT },
    },
  ],
  ...queue,
})
const strip = (tiles: Parameters<typeof OwnRequestsStrip>[0]['tiles'], ends: readonly EndedRequest[] = []) => (
  <OwnRequestsStrip tiles={tiles} ended={ends} reader="ada" />
)
const plain = (text: string | null) => (text ?? '').replaceAll(/\p{Cf}/gu, '')

describe('above the grid', () => {
  it('says how a request ended and why, leads to its review, and dismisses it', async () => {
    const page = await renderPage(strip([], [ended()]), { 'queue.dismiss': { id: 'q1' } })
    const said = plain(page.text())
    expect(said).toContain('Refused: API production')
    expect(said).toContain(`main at aaaaaaa · ${reason}`)
    const again = [...document.querySelectorAll('a')].find(({ textContent }) => textContent?.startsWith('Ask again'))
    expect(again?.getAttribute('href')).toBe('/?surface=api&ref=refs%2Fheads%2Fmain')
    document.querySelector<HTMLButtonElement>('[aria-label^="Dismiss"]')?.click()
    await page.settle()
    expect(page.calls).toEqual([{ procedure: 'queue.dismiss', input: { id: 'q1' } }])
  })

  it('is one line for several requests, and shows the others on demand', async () => {
    const page = await renderPage(strip([], [ended(), ended({ id: 'q2', state: 'expired' }), ended({ id: 'q3' })]))
    expect(document.querySelectorAll('[data-ended]')).toHaveLength(1)
    await page.press('+2 more')
    expect(document.querySelectorAll('[data-ended]')).toHaveLength(3)
  })

  it('shows the reader’s waiting requests, first those whose queue has stopped, and nobody else’s', async () => {
    const stop = { deployId: 'd', why: 'The deploy ahead failed.' }
    const page = await renderPage(
      strip([
        tile('web', { queue: queueOf('ada') }),
        tile('api', { queue: queueOf('ada', { stop, continueAfter: 'd' }) }),
        tile('docs', { queue: queueOf('bob') }),
      ]),
    )
    expect(plain(page.text())).toContain(
      'Next in the queue: api production · The deploy ahead failed. The queue has stopped. · next at aaaaaaa',
    )
    await page.press('+1 more')
    expect(document.querySelectorAll('[data-waiting]')).toHaveLength(2)
    expect(plain(page.text())).not.toContain('docs')
  })

  it('shows nothing if there is nothing to tell', async () => {
    await renderPage(strip([tile('docs', { queue: queueOf('bob') })]))
    expect(document.querySelector('[data-own-requests]')).toBeNull()
  })
})

describe('a queue that waits for an unhealthy surface', () => {
  const wait = 'The queue waits until the surface is healthy: it is unhealthy after the deploy ahead.'
  const list = (queue: Partial<SurfaceQueue>) => (
    <QueueList queue={queueOf('ada', queue)} surface={{ id: 'api', environment: 'production' }} />
  )

  it('says so with the button that continues it, for the deploy that was shown', async () => {
    const page = await renderPage(list({ wait, continueAfter: 'd7' }), { 'queue.continue': {} })
    expect(plain(page.text())).toContain(
      `${wait} It goes on by itself then, or once somebody continues it: then the first request that is not refused is deployed.`,
    )
    await page.press('Continue with the queue')
    expect(page.calls).toEqual([{ procedure: 'queue.continue', input: { surfaceId: 'api', deployId: 'd7' } }])
  })

  it('has no such button while nobody can continue it', async () => {
    await renderPage(list({ wait: 'The queue waits until 10:00 UTC: the deploy ahead is watched.' }))
    expect(document.querySelector('button')).toBeNull()
  })

  it('is marked on the tile', async () => {
    const lastDeploy = deployThrough(['requested', 'dispatched', 'building', 'deploying', 'succeeded'])
    const page = await renderPage(
      <TileNote tile={tile('api', { lastDeploy, queue: queueOf('bob', { wait }) })} running={null} tab={0} />,
    )
    expect(page.text()).toBe('queue waits')
    expect(document.querySelector('a')?.title).toBe(`1 queued. ${wait}`)
  })
})

describe('the dialog of a request', () => {
  const view = (overrides: Partial<QueuedView>): QueuedView => ({
    ...{ id: 'q1', surface: { id: 'api', name: 'API', environment: 'production' }, state: 'refused', kind: 'deploy' },
    ...{ sourceId: null, ref: 'refs/heads/main', sha: SHA, requestedBy: 'ada', requestedByOwner: null },
    ...{ requestedAt: AT, expiresAt: AT, reason: null, inputs: [], checklist: [], position: null, deployAhead: null },
    ...{ ahead: [], stop: null, wait: null, continueAfter: null, end: { by: 'console', at: AT, reason } },
    ...{ replacedById: null, replacesId: null, deployId: null, yours: true, withdrawable: false },
    ...overrides,
  })
  const dialog = (queued: QueuedView, onAgain: (again: unknown) => void = () => undefined) =>
    renderPage(
      <Dialog.Root open>
        <QueuedScreen queuedId="q1" tiles={[]} onDeploy={() => undefined} onAgain={onAgain} />
      </Dialog.Root>,
      { 'queue.get': queued },
    )

  it('says why it was refused, and opens the review of the same ref, or of the same promotion', async () => {
    const asked: unknown[] = []
    const page = await dialog(view({}), (again) => asked.push(again))
    expect(plain(page.text())).toContain(reason)
    await page.press('Ask again')
    expect(asked).toEqual([{ surfaceId: 'api', ref: 'refs/heads/main' }])
  })

  it('asks again for a promotion from where it came', async () => {
    const asked: unknown[] = []
    const end = { by: 'console', at: AT, reason: null }
    const expired = view({ state: 'expired', end, kind: 'promotion', sourceId: 'api-staging', ref: SHA })
    const page = await dialog(expired, (again) => asked.push(again))
    expect(plain(page.text())).toContain('Its turn did not come within 60 minutes. Nothing was deployed.')
    await page.press('Ask again')
    const source = { kind: 'promotion', surfaceId: 'api-staging' }
    expect(asked).toEqual([{ surfaceId: 'api', ref: SHA, source }])
  })

  it('says on both requests that one replaced the other', async () => {
    const older = await dialog(
      view({ state: 'replaced', replacedById: 'q2', end: { by: 'ada', at: AT, reason: null } }),
    )
    expect(plain(older.text())).toContain('Your newer request of the same ref took its place.')
    expect(document.querySelector('a[href="/?queued=q2"]')?.textContent).toBe('Open the newer request')
    expect(plain(older.text())).not.toContain('Ask again')
    await dialog(view({ state: 'waiting', end: null, position: 1, replacesId: 'q0' }))
    expect(document.querySelector('a[href="/?queued=q0"]')?.textContent).toBe('Open the older request')
  })
})

it('says where a promotion in the queue comes from', async () => {
  const queue = queueOf('ada')
  const waiting = queue.waiting.map((one) => ({
    ...one,
    kind: 'promotion' as const,
    sourceId: 'api-staging',
    ref: SHA,
  }))
  const page = await renderPage(
    <QueueList queue={{ ...queue, waiting }} surface={{ id: 'api', environment: 'production' }} />,
  )
  expect(plain(page.text())).toContain('Promotion from api-staging: aaaaaaa · ada')
})

it('says in each case what happened, what was not deployed, and what to do', () => {
  const by = { by: 'grace', at: AT, reason: null }
  expect(endedSentence(ended())).toBe(reason)
  expect(plain(endedSentence(ended({ state: 'withdrawn', end: by })))).toBe(
    'grace took it out of the queue. Nothing was deployed. Ask again with the same ref if it is still wanted.',
  )
  expect(endedSentence(ended({ state: 'expired', end: by, sourceId: 'api-staging' }))).toBe(
    'Its turn did not come within 60 minutes. Nothing was deployed. Ask again if it is still wanted.',
  )
  expect(endedSentence(ended({ state: 'replaced', end: by, replacedById: 'q9' }))).toBe(
    'Your newer request of the same ref took its place. Nothing of this one was deployed.',
  )
})

it('asks again for a promotion as a promotion', () => {
  expect(askAgainAddress(ended({ kind: 'promotion', sourceId: 'api-staging', ref: SHA })).query).toEqual({
    ...{ surface: 'api', ref: SHA, promote: 'api-staging' },
  })
})
