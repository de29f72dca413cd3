import { describe, expect, test } from 'vitest'
import type { FreezeInForce, FreezeView } from '~/domain/freeze/freeze'
import {
  deployFreezeWords,
  frozenRepositories,
  isIdle,
  noFreezeWords,
  scopeWords,
  timesWords,
  untilWords,
  utcInstant,
  windowOver,
} from '~/ui/freezes/freeze-words'
import { readWindowDraft } from '~/ui/freezes/window-draft'
import { thirdRow } from '~/ui/grid/tile-facts'
import { matchesFilter } from '~/ui/grid/tiles'
import { gridAnnouncement } from '~/ui/status/announcements'
import { tile } from './fixtures'

const view: FreezeView = {
  id: 'f',
  kind: 'freeze',
  rollbacksPass: false,
  recurrence: null,
  occurrence: null,
  state: 'in_force',
  environment: 'production',
  surface: null,
  reason: 'Release week',
  startsAt: '2026-11-21T10:00:30.000Z',
  endsAt: '2026-11-22T18:00:00.000Z',
  createdBy: 'ada',
  createdAt: '2026-11-21T10:00:30.000Z',
  lifted: null,
}
const lock: FreezeView = {
  ...view,
  kind: 'lock',
  environment: null,
  surface: { id: 'api', name: 'API', environment: 'staging' },
  endsAt: null,
}

describe('the words for a freeze', () => {
  test('name what the freeze covers', () => {
    expect(scopeWords(view)).toBe('All of production')
    expect(scopeWords(lock)).toBe('API, staging')
  })

  test('say until when, in UTC and to the minute, or who lifted it', () => {
    expect(untilWords(view.endsAt)).toBe('until 2026-11-22 18:00 UTC')
    expect(untilWords(null)).toBe('until it is lifted')
    expect(timesWords(view)).toBe('from 2026-11-21 10:00 UTC, until 2026-11-22 18:00 UTC')
    expect(timesWords(lock)).toBe('from 2026-11-21 10:00 UTC, until it is unlocked')
  })

  test('say who lifted a freeze before its end', () => {
    const lifted = { by: 'grace', at: '2026-11-21T11:30:00.000Z' }
    expect(timesWords({ ...view, lifted })).toBe('from 2026-11-21 10:00 UTC, lifted 2026-11-21 11:30 UTC by grace')
  })
})

test('an environment is frozen by a freeze of the environment, and not by a lock of a surface', () => {
  const base = { id: 'w', reason: 'x', until: null, since: '2026-11-21T10:00:00.000Z', by: 'ada' }
  const window: FreezeInForce = { ...base, kind: 'frozen' }
  const locked: FreezeInForce = { ...base, id: 'l', kind: 'locked' }
  expect(windowOver('production', [tile('a', { freezes: [locked, window] })])).toEqual(window)
  expect(windowOver('production', [tile('a', { freezes: [locked] })])).toBeNull()
  expect(windowOver('production', [tile('a', { environment: 'staging', freezes: [window] })])).toBeNull()
})

test('the grid announces once that production is frozen and why, and once that it is no longer frozen', () => {
  const freeze: FreezeInForce = {
    id: 'w',
    kind: 'frozen',
    reason: 'Incident',
    until: null,
    since: '2026-11-21T10:00:00.000Z',
    by: 'ada',
  }
  const free = [tile('a'), tile('b')]
  const frozen = [tile('a', { freezes: [freeze] }), tile('b', { freezes: [freeze] })]
  expect(gridAnnouncement(free, frozen)).toBe('Production is frozen: Incident.')
  expect(gridAnnouncement(frozen, frozen)).toBe('')
  expect(gridAnnouncement(frozen, free)).toBe('Production is no longer frozen by this console.')
  expect(frozen.filter((one) => matchesFilter(one, 'frozen'))).toHaveLength(2)
  expect(free.filter((one) => matchesFilter(one, 'frozen'))).toEqual([])
})

test.each([
  ['2026-11-21T18:00', '2026-11-21T18:00:00Z'],
  ['', null],
  ['tomorrow', null],
])('the field "%s" is read as UTC: %s', (field, instant) => {
  expect(utcInstant(field)).toBe(instant)
})

describe('DEPLOY_FREEZE in a repository', () => {
  const deployFreeze = { reason: 'release week', readAt: '2026-11-28T14:03:20.000Z' }
  const frozen = tile('a', { repository: 'acme/platform', deployFreeze })

  test('is worded with the repository, the reason and the time it was read', () => {
    expect(deployFreezeWords('acme/platform', deployFreeze)).toBe(
      'Production is frozen by DEPLOY_FREEZE in acme/platform: “release week” (read 2026-11-28 14:03 UTC)',
    )
  })

  test('is named once for each repository, and found by the filter "frozen"', () => {
    const tiles = [frozen, { ...frozen, id: 'b' }, tile('c', { repository: 'acme/docs', deployFreeze }), tile('d')]
    expect(frozenRepositories(tiles).map(({ repository }) => repository)).toEqual(['acme/platform', 'acme/docs'])
    expect(tiles.filter((one) => matchesFilter(one, 'frozen')).map(({ id }) => id)).toEqual(['a', 'b', 'c'])
  })

  test('is shown as unknown once for each repository that could not be read', () => {
    const unknown = tile('a', { repository: 'acme/platform', deployFreezeUnknown: true })
    expect(noFreezeWords([unknown, { ...unknown, id: 'b' }, tile('c')])).toBe(
      'DEPLOY_FREEZE is unknown in acme/platform; production is not frozen by this console',
    )
    expect(noFreezeWords([tile('c')])).toBe('Production is not frozen by this console')
  })

  test('is announced when it appears, and shown in the row of the tile', () => {
    expect(gridAnnouncement([{ ...frozen, deployFreeze: null }], [frozen])).toContain('frozen by DEPLOY_FREEZE')
    expect(gridAnnouncement([frozen], [frozen])).toBe('')
    expect(thirdRow(frozen, null)).toBe('freeze')
  })
})

test('a freeze is idle if its environment has no surface, and a lock never is', () => {
  expect(isIdle(view, ['prod', 'staging'])).toBe(true)
  expect(isIdle(view, ['production'])).toBe(false)
  expect(isIdle(lock, [])).toBe(false)
})

test.each([
  ['0', { recurrence: expect.objectContaining({ durationMinutes: 16 * 60 }) }],
  ['2', { recurrence: expect.objectContaining({ durationMinutes: 40 * 60 }) }],
  ['100', { problem: 'An occurrence lasts at most 31 days.' }],
  ['1.5', { problem: '“Days later” must be a whole number of days.' }],
  ['-1', { problem: '“Days later” must be a whole number of days.' }],
])('a window that ends %s days later is as long as that, or is refused', (daysLater, read) => {
  const times = { firstDay: '2026-12-04', from: '16:00', until: '08:00', timeZone: 'Europe/Berlin' }
  expect(readWindowDraft({ repeat: 'daily', days: [], rule: '', daysLater, ...times })).toEqual(read)
})
