import { describe, expect, test } from 'vitest'
import { reportedSince } from '~/ui/deploy-modal/reported-since'
import { deployThrough, tile } from './fixtures'

const started = ['requested', 'dispatched', 'smoke_gate_started', 'smoke_gate_passed', 'building']
const surface = { id: 'console', name: 'Console', environment: 'production', url: 'https://example.com' }
const unhealthy = { ...deployThrough([...started, 'deploying', 'failed'], 'health_check_failed'), surface }
const old = 'c'.repeat(40)

const reporting = (secondsAfterEnd: number) => ({
  sha: old,
  url: '',
  seenAt: new Date(Date.parse(unhealthy.finishedAt ?? '') + secondsAfterEnd * 1000).toISOString(),
  behindBy: null,
  shippedHere: true,
})

describe('what an unhealthy deploy leaves behind', () => {
  test('is what the surface itself has reported since the end', () => {
    const tiles = (seconds: number) => [tile('console', { lastDeploy: unhealthy, version: reporting(seconds) })]
    expect(reportedSince(unhealthy, tiles(1))).toBe(old)
    expect(reportedSince(unhealthy, tiles(-1))).toBeNull()
    expect(reportedSince(unhealthy, [])).toBeNull()
  })

  test('is not claimed once a later deploy may have changed it', () => {
    const later = { ...deployThrough(['requested']), id: '0193a0c0-0000-7000-8000-000000000002' }
    expect(reportedSince(unhealthy, [tile('console', { lastDeploy: later, version: reporting(60) })])).toBeNull()
  })
})
