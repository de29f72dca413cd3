import { describe, expect, it } from 'vitest'
import { decideFreeze } from '~/domain/freeze/decide-freeze'
import { freezeState, type StandingFreeze, strongest } from '~/domain/freeze/freeze'

const surface = { name: 'API', environment: 'production' }
const window: StandingFreeze = {
  id: 'w',
  kind: 'frozen',
  reason: 'Release week',
  until: '2026-11-22T18:00:00.000Z',
  since: '2026-11-21T00:00:00.000Z',
  by: 'ada',
  byUserId: 'ada-id',
  declaredAt: new Date('2026-11-20T00:00:00.000Z'),
}
const lock: StandingFreeze = { ...window, id: 'l', kind: 'locked', reason: 'Being migrated', until: null }
const decide = (freezes: readonly StandingFreeze[], freezeIds?: string[]) =>
  decideFreeze({ surface, freezes, override: freezeIds === undefined ? null : { freezeIds }, asker: null })

describe('decideFreeze', () => {
  it('says what is frozen, until when, why and by whom', () => {
    expect(decide([window]).refusals[0]).toMatchObject({
      code: 'frozen',
      message: 'Production is frozen until 2026-11-22 18:00 UTC: “Release week” (ada).',
      details: { freeze_id: 'w', reason: 'Release week', until: window.until, by: 'ada' },
    })
  })

  it('names a lock before a freeze, and says that the lock has no end', () => {
    expect(decide([window, lock]).refusals[0]).toMatchObject({
      code: 'surface_locked',
      message: 'API is locked until it is lifted: “Being migrated” (ada).',
    })
  })

  it('lets a deploy ship only if the override covers every freeze in force', () => {
    const codes = (freezes: readonly StandingFreeze[], freezeIds?: string[]) =>
      decide(freezes, freezeIds).refusals.map(({ code }) => code)
    expect(codes([window, lock])).toEqual(['surface_locked', 'frozen'])
    expect(codes([window, lock], ['l'])).toEqual(['frozen'])
    expect(codes([window, lock], ['w'])).toEqual(['surface_locked'])
    expect(codes([window, lock], ['l', 'w'])).toEqual([])
    expect(codes([])).toEqual([])
  })

  it('covers every freeze in force by an override that names none, and never one that is not in force', () => {
    expect(decideFreeze({ surface, freezes: [window, lock], override: {}, asker: null }).overridden).toEqual(['w', 'l'])
    expect(decide([window], ['w', 'long over']).overridden).toEqual(['w'])
  })

  it('names the freeze that ends last', () => {
    const longer = { ...window, id: 'w2', until: '2026-11-25T00:00:00.000Z' }
    expect(decide([window, longer]).refusals.map(({ freeze }) => freeze.id)).toEqual(['w2'])
  })
})

describe('who passes a freeze', () => {
  const holder = { name: 'ada', userId: 'ada-id', isRollback: false }
  const passing = (freeze: StandingFreeze, asker: typeof holder) =>
    decideFreeze({ surface, freezes: [freeze], override: null, asker }).passed.map(({ because }) => because)

  it('is the holder of a lock, by person and by name, and never the author of a window', () => {
    expect(passing(lock, holder)).toEqual(['holder'])
    expect(passing(lock, { ...holder, name: 'token:ci' })).toEqual([])
    expect(passing(lock, { ...holder, userId: 'grace-id' })).toEqual([])
    expect(passing({ ...lock, byUserId: null }, holder)).toEqual([])
    expect(passing(window, holder)).toEqual([])
  })

  it('is a rollback, if the freeze says so', () => {
    const rollback = { name: 'grace', userId: 'grace-id', isRollback: true }
    expect(passing({ ...window, rollbacksPass: true }, rollback)).toEqual(['rollback'])
    expect(passing(window, rollback)).toEqual([])
    expect(passing({ ...window, rollbacksPass: true }, { ...rollback, isRollback: false })).toEqual([])
  })

  it('needs no override, and leaves the refusals of other freezes', () => {
    const { overridden, passed, refusals } = decideFreeze({
      surface,
      freezes: [lock, window],
      override: {},
      asker: holder,
    })
    expect([overridden, passed.length, refusals]).toEqual([['w'], 1, []])
    const held = decideFreeze({ surface, freezes: [lock, window], override: null, asker: holder })
    expect(held.refusals.map(({ code }) => code)).toEqual(['frozen'])
  })
})

describe('the state and strength of a freeze', () => {
  it('a freeze applies from its start to just before its end, and not after it is lifted', () => {
    const at = (text: string) => new Date(`2026-11-21T${text}:00Z`)
    const times = { startsAt: at('10:00'), endsAt: at('12:00'), liftedAt: null }
    expect(freezeState(times, at('09:59'))).toBe('upcoming')
    expect(freezeState(times, at('10:00'))).toBe('in_force')
    expect(freezeState(times, at('11:59'))).toBe('in_force')
    expect(freezeState(times, at('12:00'))).toBe('over')
    expect(freezeState({ ...times, endsAt: null }, at('23:59'))).toBe('in_force')
    expect(freezeState({ ...times, liftedAt: at('10:30') }, at('11:00'))).toBe('over')
  })

  it('the strongest freeze is the one that ends last, and a lock is stronger than any freeze', () => {
    const longer = { ...window, id: 'w2', until: '2026-11-25T00:00:00.000Z' }
    const open = { ...window, id: 'w3', until: null }
    expect(strongest([longer, window])?.id).toBe('w2')
    expect(strongest([window, open, longer])?.id).toBe('w3')
    expect(strongest([window, open, lock])?.id).toBe('l')
    expect(strongest([])).toBeNull()
  })
})
