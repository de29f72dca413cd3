import { describe, expect, it } from 'vitest'
import { ACTIVE_DEPLOY_CHECKS, FREEZE_CHECKS, firstRefusal, REQUEST_CHECKS } from '~/domain/deploy/admission'
import { type FreezeInForce, freezeState, strongest } from '~/domain/freeze'

const surface = { name: 'API', environment: 'production', confirm: 'api-prod', archived: false }
const window: FreezeInForce = {
  id: 'w',
  kind: 'frozen',
  reason: 'Release week',
  until: '2026-11-22T18:00:00.000Z',
  since: '2026-11-21T00:00:00.000Z',
  by: 'ada',
}
const lock: FreezeInForce = { ...window, id: 'l', kind: 'locked', reason: 'Being migrated', until: null }
const held = (freezes: readonly FreezeInForce[], overridden: readonly string[] = []) =>
  firstRefusal(FREEZE_CHECKS, { surface, freezes, overridden })

describe('a request', () => {
  it('passes when the surface is declared and the phrase was typed exactly', () => {
    expect(firstRefusal(REQUEST_CHECKS, { surface, confirmation: 'api-prod' })).toBeNull()
  })

  it('is refused for an archived surface before anything that was typed is looked at', () => {
    const facts = { surface: { ...surface, archived: true }, confirmation: 'nonsense' }
    expect(firstRefusal(REQUEST_CHECKS, facts)).toMatchObject({ code: 'surface_archived' })
  })

  it.each(['', 'API-prod', 'api-prod '])('is refused when "%s" was typed', (confirmation) => {
    expect(firstRefusal(REQUEST_CHECKS, { surface, confirmation })).toMatchObject({ code: 'confirmation_mismatch' })
  })
})

describe('a freeze', () => {
  it('refuses with what is frozen, until when, why and by whom', () => {
    expect(held([window])).toMatchObject({
      code: 'frozen',
      message: 'Production is frozen until 2026-11-22 18:00 UTC: “Release week” (ada).',
      details: { freeze_id: 'w', reason: 'Release week', until: window.until, by: 'ada' },
    })
  })

  it('that is a lock comes before a window, and says that it holds until it is lifted', () => {
    expect(held([window, lock])).toMatchObject({
      code: 'surface_locked',
      message: 'API is locked until it is lifted: “Being migrated” (ada).',
    })
  })

  it('is passed only when every one that holds is overridden', () => {
    expect(held([window, lock], ['l'])).toMatchObject({ code: 'frozen' })
    expect(held([window, lock], ['w'])).toMatchObject({ code: 'surface_locked' })
    expect(held([window, lock], ['l', 'w'])).toBeNull()
    expect(held([])).toBeNull()
  })

  it('holds from its beginning to just before its end, and never once it was lifted', () => {
    const at = (text: string) => new Date(`2026-11-21T${text}:00Z`)
    const times = { startsAt: at('10:00'), endsAt: at('12:00'), liftedAt: null }
    expect(freezeState(times, at('09:59'))).toBe('upcoming')
    expect(freezeState(times, at('10:00'))).toBe('in_force')
    expect(freezeState(times, at('11:59'))).toBe('in_force')
    expect(freezeState(times, at('12:00'))).toBe('over')
    expect(freezeState({ ...times, endsAt: null }, at('23:59'))).toBe('in_force')
    expect(freezeState({ ...times, liftedAt: at('10:30') }, at('11:00'))).toBe('over')
  })

  it('that ends last says until when, and a lock is named before any window', () => {
    const longer = { ...window, id: 'w2', until: '2026-11-25T00:00:00.000Z' }
    const open = { ...window, id: 'w3', until: null }
    expect(strongest([longer, window])?.id).toBe('w2')
    expect(strongest([window, open, longer])?.id).toBe('w3')
    expect(strongest([window, open, lock])?.id).toBe('l')
    expect(strongest([])).toBeNull()
  })
})

it('an active deploy is named with who ships what', () => {
  const facts = { activeDeploy: { requestedBy: 'grace', ref: 'main' } }
  expect(firstRefusal(ACTIVE_DEPLOY_CHECKS, facts)).toMatchObject({
    code: 'surface_busy',
    message: 'grace is deploying main right now. Wait for its end.',
  })
  expect(firstRefusal(ACTIVE_DEPLOY_CHECKS, { activeDeploy: null })).toBeNull()
})
