import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DeclaredFreeze, freezesAt, type Span } from '~/domain/freeze/freeze'
import { netState } from '~/domain/freeze/net-state'

const surface = { name: 'API', environment: 'production', repository: 'acme/api' }
const HOUR = 3_600_000
const at = (hours: number) => new Date(Date.UTC(2026, 11, 1) + hours * HOUR)
const span = (from: number, to: number): Span => ({ start: at(from).getTime(), end: at(to).getTime() })

const freeze = (facts: Partial<DeclaredFreeze> = {}): DeclaredFreeze => ({
  id: 'f',
  kind: 'freeze',
  environment: 'production',
  surfaceId: null,
  reason: 'Release week',
  by: 'ada',
  byUserId: 'ada-id',
  declaredAt: at(-100),
  startsAt: at(-100),
  endsAt: null,
  rollbacksPass: false,
  occurrences: null,
  ...facts,
})
const recurring = (spans: readonly Span[], facts: Partial<DeclaredFreeze> = {}) =>
  freeze({ occurrences: { spans, knownTo: at(500).getTime() }, ...facts })

const ask = (declared: readonly DeclaredFreeze[], facts: Partial<Parameters<typeof netState>[0]> = {}) =>
  netState({ surface, declared, deployFreeze: 'none', at: at(0), now: at(0), asker: null, ...facts })

describe('the net state of a surface', () => {
  it('is yes while nothing refuses, until the next window begins', () => {
    expect(ask([])).toMatchObject({ answer: 'yes', reasons: [], until: null })
    expect(ask([recurring([span(5, 8), span(29, 32)])])).toMatchObject({ answer: 'yes', until: at(5).toISOString() })
  })

  it('is no while a window refuses, until the first moment at which none does', () => {
    const overlapping = [
      recurring([span(-1, 4)]),
      recurring([span(3, 6)], { id: 'g' }),
      recurring([span(6, 7)], { id: 'h' }),
    ]
    expect(ask(overlapping)).toMatchObject({ answer: 'no', until: at(7).toISOString() })
    expect(ask([freeze({ kind: 'lock', surfaceId: 'api', environment: null })])).toMatchObject({
      answer: 'no',
      reasons: [expect.stringContaining('API is locked until it is lifted')],
      until: null,
    })
  })

  it('is no outside the allow windows, until the first of them opens', () => {
    const allow = (from: number, id: string) => recurring([span(from, from + 2)], { kind: 'allow', id })
    expect(ask([allow(10, 'a'), allow(4, 'b')])).toMatchObject({ answer: 'no', until: at(4).toISOString() })
    expect(ask([allow(10, 'a'), allow(-1, 'b')])).toMatchObject({ answer: 'yes', until: at(1).toISOString() })
  })

  it('knows DEPLOY_FREEZE only for the present, and says that it does not know the future', () => {
    const frozen = { reason: 'release week', readAt: at(0) }
    expect(ask([], { deployFreeze: frozen })).toMatchObject({ answer: 'no' })
    expect(ask([], { deployFreeze: frozen, at: at(24) })).toMatchObject({ answer: 'unknown' })
    expect(ask([], { deployFreeze: 'unknown' })).toMatchObject({ answer: 'unknown' })
    expect(ask([freeze()], { deployFreeze: 'unknown' })).toMatchObject({ answer: 'no' })
    const staging = { ...surface, environment: 'staging' }
    expect(ask([], { surface: staging, deployFreeze: 'unknown' })).toMatchObject({ answer: 'yes' })
  })

  it('names a notice and a lock of one’s own without refusing', () => {
    const own = freeze({ kind: 'lock', surfaceId: 'api', environment: null })
    const notice = freeze({ kind: 'notice', id: 'n', surfaceId: 'api', environment: null, reason: 'Ask Grace first' })
    const holder = { name: 'ada', userId: 'ada-id', isRollback: false }
    const state = ask([own, notice], { asker: holder })
    expect(state).toMatchObject({ answer: 'yes', reasons: [] })
    expect(state.notes.join(' ')).toContain('The requester set the lock')
    expect(state.notes.join(' ')).toContain('Ask Grace first')
    expect(ask([own], { asker: { ...holder, name: 'token:ci' } }).answer).toBe('no')
  })
})

describe('random windows at a random time', () => {
  const spans = fc.array(
    fc
      .tuple(fc.integer({ min: -40, max: 40 }), fc.integer({ min: 1, max: 20 }))
      .map(([from, length]) => span(from, from + length)),
    { maxLength: 6 },
  )
  const windows = fc.array(
    fc.record({
      kind: fc.constantFrom('freeze' as const, 'allow' as const),
      ofSurface: fc.boolean(),
      spans,
      endsAt: fc.option(fc.integer({ min: -20, max: 60 })),
    }),
    { maxLength: 5 },
  )
  const declare = (
    made: readonly { kind: 'freeze' | 'allow'; ofSurface: boolean; spans: Span[]; endsAt: number | null }[],
  ) =>
    made.map(({ kind, ofSurface, spans: occurrences, endsAt }, index) =>
      recurring(occurrences, {
        id: `w${index}`,
        kind,
        environment: ofSurface ? null : 'production',
        surfaceId: ofSurface ? 'api' : null,
        endsAt: endsAt === null ? null : at(endsAt),
      }),
    )
  const hour = fc.integer({ min: -45, max: 45 })

  it('refuse exactly if a freeze covers the time, or a scope has allow windows and none that is open', () => {
    fc.assert(
      fc.property(windows, hour, (made, hours) => {
        const time = at(hours).getTime()
        const current = made.filter(({ endsAt }) => endsAt === null || at(endsAt).getTime() > time)
        const covers = (one: { readonly spans: readonly Span[] }) =>
          one.spans.some(({ start, end }) => start <= time && time < end)
        const isFrozen = current.some((one) => one.kind === 'freeze' && covers(one))
        const isClosed = [true, false].some((ofSurface) => {
          const allowing = current.filter((one) => one.kind === 'allow' && one.ofSurface === ofSurface)
          return allowing.length > 0 && !allowing.some(covers)
        })
        expect(ask(declare(made), { at: at(hours), now: at(hours) }).answer).toBe(isFrozen || isClosed ? 'no' : 'yes')
      }),
    )
  })

  it('change their answer at `until`, and at no whole hour before', () => {
    let changes = 0
    fc.assert(
      fc.property(windows, hour, (made, hours) => {
        const declared = declare(made)
        const { answer, until } = ask(declared, { at: at(hours), now: at(hours) })
        const end = until === null ? at(120) : new Date(until)
        for (let time = at(hours); time < end; time = new Date(time.getTime() + HOUR)) {
          expect(freezesAt(declared, time).length > 0).toBe(answer === 'no')
        }
        if (until === null) return
        changes += 1
        expect(freezesAt(declared, end).length > 0).toBe(answer !== 'no')
      }),
    )
    expect(changes).toBeGreaterThan(10)
  })
})
