import { describe, expect, test } from 'vitest'
import { thirdRow } from '~/ui/grid/tile-facts'
import { groupByEnvironment, matchesFilter, runningTiles, tileProblem } from '~/ui/grid/tiles'
import { arrowTarget } from '~/ui/grid/use-roving-tiles'
import { isLively } from '~/ui/surfaces/use-surfaces'
import { wayBack } from '~/ui/surfaces/way-back'
import { deployThrough, tile } from './fixtures'

describe('the grid', () => {
  test('puts production first, staging second and other environments after them by name', () => {
    const tiles = [
      tile('a', { environment: 'preview' }),
      tile('b', { environment: 'staging' }),
      tile('c', { environment: 'demo' }),
      tile('d'),
    ]
    expect(groupByEnvironment(tiles).map((group) => group.environment)).toEqual([
      'production',
      'staging',
      'demo',
      'preview',
    ])
  })

  test('counts an alarm on a healthy surface as a problem, and names bad health before an alarm', () => {
    const health = { state: 'unhealthy', detail: 'HTTP 503', checkedAt: null } as const
    expect(tileProblem(tile('a'))).toBeNull()
    expect(tileProblem(tile('b', { alarm: 'The surface reported another version.' }))).toBe('alarm')
    expect(tileProblem(tile('c', { alarm: 'The surface reported another version.', health }))).toBe('unhealthy')
  })

  test('shows only unfinished deploys as running, including one with an unknown status', () => {
    const tiles = [
      tile('console', { lastDeploy: deployThrough(['requested', 'dispatched']) }),
      tile('api-prod', { lastDeploy: deployThrough(['requested', 'failed']) }),
      tile('docs', { lastDeploy: deployThrough(['requested', 'dispatched', 'canary_started']) }),
      tile('status-page'),
    ]
    expect(runningTiles(tiles).map((entry) => entry.tile.id)).toEqual(['console', 'docs'])
  })

  test('polls fast while a deploy runs and for a minute after it ended', () => {
    const ended = deployThrough(['requested', 'failed'])
    const at = Date.parse(ended.finishedAt ?? '')
    expect(isLively([tile('console', { lastDeploy: deployThrough(['requested', 'dispatched']) })], at + 900_000)).toBe(
      true,
    )
    expect(isLively([tile('console', { lastDeploy: ended })], at + 59_000)).toBe(true)
    expect(isLively([tile('console', { lastDeploy: ended }), tile('api-prod')], at + 61_000)).toBe(false)
  })

  test('matches every typed word anywhere on the tile', () => {
    const unhealthy = tile('api-prod', { health: { state: 'unhealthy', detail: null, checkedAt: null } })
    expect(matchesFilter(unhealthy, '')).toBe(true)
    expect(matchesFilter(unhealthy, 'API prod')).toBe(true)
    expect(matchesFilter(unhealthy, 'unhealthy api')).toBe(true)
    expect(matchesFilter(unhealthy, 'api staging')).toBe(false)
  })
})

describe('an arrow key', () => {
  // a b c
  // d
  // e f      another group, below
  const boxes = [
    { id: 'a', left: 0, top: 0 },
    { id: 'b', left: 300, top: 0 },
    { id: 'c', left: 600, top: 0 },
    { id: 'd', left: 0, top: 200 },
    { id: 'e', left: 0, top: 460 },
    { id: 'f', left: 300, top: 460 },
  ]
  test.each([
    ['a', 'ArrowRight', 'b'],
    ['c', 'ArrowRight', 'd'],
    ['f', 'ArrowRight', null],
    ['a', 'ArrowLeft', null],
    ['e', 'ArrowLeft', 'd'],
    ['c', 'ArrowDown', 'd'],
    ['d', 'ArrowDown', 'e'],
    ['f', 'ArrowUp', 'd'],
    ['b', 'ArrowUp', null],
    ['d', 'Home', 'a'],
    ['a', 'End', 'f'],
  ] as const)('moves the focus from %s by %s to %s', (from, arrow, to) => {
    expect(arrowTarget(boxes, from, arrow)).toBe(to)
  })

  test('leads from a tile that the filter hides to the first visible tile', () => {
    expect(arrowTarget(boxes, 'gone', 'ArrowDown')).toBe('a')
    expect(arrowTarget([], 'gone', 'ArrowDown')).toBeNull()
  })
})

describe('the third row of a tile', () => {
  const outsideRun = {
    url: '',
    number: 12,
    by: 'ada',
    at: '2026-11-21T03:00:00Z',
    state: 'running',
    environmentKnown: true,
  } as const
  const freeze = {
    id: 'f',
    kind: 'locked',
    reason: 'Incident',
    by: 'ada',
    since: '2026-11-21T03:00:00Z',
    until: null,
  } as const
  const running = deployThrough(['requested', 'dispatched'])
  const sick = { state: 'unhealthy', detail: 'answers HTTP 503', checkedAt: null } as const

  test('shows bad health first, then an outside run during a deploy, then a hold or a freeze', () => {
    const all = { alarm: 'Another commit.', health: sick, outsideRun, freezes: [freeze] }
    expect(thirdRow(tile('a', all), running)).toBe('alarm')
    expect(thirdRow(tile('a', { health: sick, outsideRun, freezes: [freeze] }), running)).toBe('health')
    expect(thirdRow(tile('a', { outsideRun, freezes: [freeze] }), running)).toBe('outside')
    expect(thirdRow(tile('a', { outsideRun, freezes: [freeze] }), null)).toBe('freeze')
    expect(thirdRow(tile('a', { outsideRun }), null)).toBeNull()
  })

  test('shows a version that this console did not deploy before a freeze, which moves to the note', () => {
    const version = { sha: 'd'.repeat(40), tag: null, url: '', seenAt: '2026-11-21T03:00:00Z', behindBy: 3, aheadBy: 0 }
    const drifted = { version: { ...version, comparedAt: null, shippedHere: false }, freezes: [freeze] }
    expect(thirdRow(tile('a', { ...drifted, lastDeploy: deployThrough(['requested', 'failed']) }), null)).toBe('drift')
    expect(thirdRow(tile('a', drifted), null), 'the console has not shipped there yet').toBe('freeze')
  })
})

describe('the last good version on a tile', () => {
  const lastGood = { deployId: 'd', sha: 'b'.repeat(40), finishedAt: '2026-11-28T08:00:00.000Z', healthyAt: null }
  const sick = { state: 'unhealthy', detail: 'answers HTTP 500', checkedAt: null } as const

  test('is offered for an unhealthy surface and during an alarm, and not for a healthy surface', () => {
    expect(wayBack(tile('a', { lastGood, health: sick }))).toEqual(lastGood)
    expect(wayBack(tile('a', { lastGood, alarm: 'The surface reported another version.' }))).toEqual(lastGood)
    expect(wayBack(tile('a', { lastGood }))).toBeNull()
  })

  test('is offered after a failed deploy that may have shipped, even if the surface is healthy', () => {
    const lastDeploy = deployThrough(['requested', 'dispatched', 'building', 'failed'])
    expect(wayBack(tile('a', { lastGood, lastDeploy }))).toEqual(lastGood)
    expect(wayBack(tile('a', { lastGood, lastDeploy: { ...lastDeploy, actions: ['retry'] } }))).toBeNull()
  })

  test('is offered where a version runs that no deploy of this console shipped', () => {
    const version = { sha: 'd'.repeat(40), tag: null, url: '', seenAt: '', behindBy: 0, aheadBy: 0, comparedAt: null }
    const lastDeploy = deployThrough(['requested', 'dispatched', 'building', 'deploying', 'succeeded'])
    const drifted = { lastGood, lastDeploy, version: { ...version, shippedHere: false } }
    expect(wayBack(tile('a', drifted))).toEqual(lastGood)
    expect(wayBack(tile('a', { ...drifted, version: { ...version, shippedHere: true } }))).toBeNull()
  })

  test('is not offered while an ended deploy holds the surface, which the server would refuse', () => {
    expect(wayBack(tile('a', { lastGood, health: sick, held: { deployId: 'd', runId: '7' } }))).toBeNull()
  })

  test('is not offered during a deploy or for an archived surface', () => {
    const lastDeploy = deployThrough(['requested', 'dispatched'])
    expect(wayBack(tile('a', { lastGood, lastDeploy, health: sick }))).toBeNull()
    expect(wayBack(tile('a', { lastGood, archived: true, health: sick }))).toBeNull()
  })
})
