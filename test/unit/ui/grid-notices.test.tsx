import type { ReactNode } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, it } from 'vitest'
import type { WorkerState } from '~/domain/worker'
import { NoWorker, SilentWebhooks } from '~/ui/grid/freeze-strip'

const plain = (shown: ReactNode) =>
  renderToStaticMarkup(shown)
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/\p{Cf}/gu, '')
const textOf = (...repositories: readonly string[]) => plain(<SilentWebhooks repositories={repositories} />)

it('the grid names the repository whose webhooks are silent and where to look, and shows nothing otherwise', () => {
  expect(textOf('acme/platform')).toBe(
    'Webhooks of acme/platform are silent: GitHub lists activity that no webhook reported. The console polls GitHub instead, so changes appear later. Check the webhook’s recent deliveries on GitHub; Health shows what was received.',
  )
  expect(textOf('acme/platform', 'acme/docs', 'acme/shop')).toContain('Webhooks of acme/platform and 2 more are silent')
  expect(textOf()).toBe('')
})

it('the grid says since when no worker has reported, or that none has, what follows if none runs, and nothing while one is seen', () => {
  const now = '2026-11-29T05:00:00.000Z'
  const textAt = (worker: WorkerState) => plain(<NoWorker worker={worker} now={now} />)
  expect(textAt({ state: 'silent', since: '2026-11-29T04:12:00.000Z' })).toBe(
    'No worker of this version has reported since 04:12:00 UTC. If none runs, deploys are not compared with GitHub, surfaces are not probed, and deliveries wait. Nothing is lost. Check that a worker runs.',
  )
  expect(textAt({ state: 'silent', since: '2026-11-27T04:12:00.000Z' })).toContain('since 2026-11-27 04:12:00 UTC.')
  expect(textAt({ state: 'never' })).toMatch(/^No worker of this version has reported\. If none runs, deploys /)
  expect(textAt({ state: 'seen' })).toBe('')
})
