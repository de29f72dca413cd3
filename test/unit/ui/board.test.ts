import { describe, expect, test } from 'vitest'
import { thirdRow } from '~/ui/board/tile-facts'
import { groupByEnvironment, matchesFilter, runningTiles, tileProblem } from '~/ui/board/tiles'
import { arrowTarget } from '~/ui/board/use-roving-tiles'
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

  test('counts an alarm as a problem where the surface itself says it is healthy, and its health first where it does not', () => {
    const health = { state: 'unhealthy', detail: 'HTTP 503', checkedAt: null } as const
    expect(tileProblem(tile('a'))).toBeNull()
    expect(tileProblem(tile('b', { alarm: 'The surface reported another version.' }))).toBe('alarm')
    expect(tileProblem(tile('c', { alarm: 'The surface reported another version.', health }))).toBe('unhealthy')
  })

  test('shows as running only deploys that are not over, one with an unknown status among them', () => {
    const tiles = [
      tile('console', { lastDeploy: deployThrough(['requested', 'dispatched']) }),
      tile('api-prod', { lastDeploy: deployThrough(['requested', 'failed']) }),
      tile('docs', { lastDeploy: deployThrough(['requested', 'dispatched', 'canary_started']) }),
      tile('status-page'),
    ]
    expect(runningTiles(tiles).map((entry) => entry.tile.id)).toEqual(['console', 'docs'])
  })

  test('is lively while a deploy runs and for a minute after it ended', () => {
    const ended = deployThrough(['requested', 'failed'])
    const at = Date.parse(ended.finishedAt ?? '')
    expect(isLively([tile('console', { lastDeploy: deployThrough(['requested', 'dispatched']) })], at + 900_000)).toBe(
      true,
    )
    expect(isLively([tile('console', { lastDeploy: ended })], at + 59_000)).toBe(true)
    expect(isLively([tile('console', { lastDeploy: ended }), tile('api-prod')], at + 61_000)).toBe(false)
  })

  test('filters by every word, wherever on the tile it stands', () => {
    const unhealthy = tile('api-prod', { health: { state: 'unhealthy', detail: null, checkedAt: null } })
    expect(matchesFilter(unhealthy, '')).toBe(true)
    expect(matchesFilter(unhealthy, 'API prod')).toBe(true)
    expect(matchesFilter(unhealthy, 'unhealthy api')).toBe(true)
    expect(matchesFilter(unhealthy, 'api staging')).toBe(false)
  })
})

describe('an arrow', () => {
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
  ] as const)('from %s with %s leads to %s', (from, arrow, to) => {
    expect(arrowTarget(boxes, from, arrow)).toBe(to)
  })

  test('from a tile the filter took away leads to the first one left', () => {
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

  test('is taken by what is wrong first, then by a run beside the deploy under way, then by what holds the surface', () => {
    const all = { alarm: 'Another commit.', health: sick, outsideRun, freezes: [freeze] }
    expect(thirdRow(tile('a', all), running)).toBe('alarm')
    expect(thirdRow(tile('a', { health: sick, outsideRun, freezes: [freeze] }), running)).toBe('health')
    expect(thirdRow(tile('a', { outsideRun, freezes: [freeze] }), running)).toBe('outside')
    expect(thirdRow(tile('a', { outsideRun, freezes: [freeze] }), null)).toBe('freeze')
    expect(thirdRow(tile('a', { outsideRun }), null)).toBeNull()
  })

  test('names a version that no deploy of this console shipped, before a freeze, which the note says then', () => {
    const version = { sha: 'd'.repeat(40), url: '', seenAt: '2026-11-21T03:00:00Z', behindBy: 3, aheadBy: 0 }
    const drifted = { version: { ...version, comparedAt: null, shippedHere: false }, freezes: [freeze] }
    expect(thirdRow(tile('a', { ...drifted, lastDeploy: deployThrough(['requested', 'failed']) }), null)).toBe('drift')
    expect(thirdRow(tile('a', drifted), null), 'the console has shipped nothing there yet').toBe('freeze')
  })
})

describe('the way back on a tile', () => {
  const lastGood = { deployId: 'd', sha: 'b'.repeat(40), finishedAt: '2026-11-28T08:00:00.000Z' }
  const sick = { state: 'unhealthy', detail: 'answers HTTP 500', checkedAt: null } as const

  test('is offered where the surface is unhealthy or an alarm holds, and not where all is well', () => {
    expect(wayBack(tile('a', { lastGood, health: sick }))).toEqual(lastGood)
    expect(wayBack(tile('a', { lastGood, alarm: 'The surface reported another version.' }))).toEqual(lastGood)
    expect(wayBack(tile('a', { lastGood }))).toBeNull()
  })

  test('is offered after a deploy that failed and may have shipped, although the surface is healthy', () => {
    const lastDeploy = deployThrough(['requested', 'dispatched', 'building', 'failed'])
    expect(wayBack(tile('a', { lastGood, lastDeploy }))).toEqual(lastGood)
    expect(wayBack(tile('a', { lastGood, lastDeploy: { ...lastDeploy, actions: ['retry'] } }))).toBeNull()
  })

  test('is not offered while an ended deploy holds the surface, since the server would refuse it', () => {
    expect(wayBack(tile('a', { lastGood, health: sick, held: { deployId: 'd', runId: '7' } }))).toBeNull()
  })

  test('is not offered while a deploy is under way, or on a surface that left the file', () => {
    const lastDeploy = deployThrough(['requested', 'dispatched'])
    expect(wayBack(tile('a', { lastGood, lastDeploy, health: sick }))).toBeNull()
    expect(wayBack(tile('a', { lastGood, archived: true, health: sick }))).toBeNull()
  })
})
