// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest'
import { type EndedRequest, NO_QUEUE, type SurfaceQueue } from '~/domain/deploy/queue'
import { OwnRequestsStrip } from '~/ui/grid/own-requests-strip'
import { askAgainAddress } from '~/ui/queue/ended-requests'
import { endedSentence } from '~/ui/queue/queue-words'
import { tile } from './fixtures'
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
    expect(said).toContain('API production: Refused at its turn')
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
    await page.press('2 more')
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
      'api production: Next in the queue · The deploy ahead failed. The queue has stopped. · next at aaaaaaa',
    )
    await page.press('1 more')
    expect(document.querySelectorAll('[data-waiting]')).toHaveLength(2)
    expect(plain(page.text())).not.toContain('docs')
  })

  it('shows nothing if there is nothing to tell', async () => {
    await renderPage(strip([tile('docs', { queue: queueOf('bob') })]))
    expect(document.querySelector('[data-own-requests]')).toBeNull()
  })
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
