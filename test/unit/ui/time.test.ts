import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { consoleNow, noteServerTime } from '~/ui/time/clock'
import { asOf, duration, exactTimes, exactUtc, relativeTime } from '~/ui/time/relative-time'
import { type LastAnswer, shownTime } from '~/ui/time/stopped-clock'

const now = Date.UTC(2026, 10, 21, 3, 0, 0)
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString()

describe('a relative time', () => {
  test.each([
    [0, 'just now'],
    [4, 'just now'],
    [5, '5 s ago'],
    [59, '59 s ago'],
    [60, '1 min ago'],
    [3599, '59 min ago'],
    [3600, '1 h ago'],
    [2 * 86_400 - 1, '47 h ago'],
    [2 * 86_400, '2 d ago'],
    [60 * 86_400, '2026-09-22'],
  ])('of %d seconds reads "%s"', (seconds, text) => {
    expect(relativeTime(ago(seconds), now)).toBe(text)
  })

  test('reads as now if it is slightly ahead of the clock, and as the future if it is far ahead', () => {
    expect(relativeTime(ago(-30), now)).toBe('just now')
    expect(relativeTime(ago(-600), now)).toBe('in 10 min')
  })

  test('is shown as stored if it is no valid time', () => {
    expect(relativeTime('soon', now)).toBe('soon')
    expect(exactUtc('soon')).toBe('soon')
  })

  test('has its exact UTC time', () => {
    expect(exactUtc('2026-11-21T03:04:05.678Z')).toBe('2026-11-21 03:04:05 UTC')
  })
})

test('an exact time is given in UTC and, if different, in the reader’s zone', () => {
  const at = '2026-11-21T23:04:05.678Z'
  expect(exactTimes(at, 'UTC')).toBe('2026-11-21 23:04:05 UTC')
  expect(exactTimes(at, 'Europe/Berlin')).toBe('2026-11-21 23:04:05 UTC, 2026-11-22 00:04:05 in Europe/Berlin')
  expect(exactTimes('soon', 'Europe/Berlin')).toBe('soon')
})

describe('a duration', () => {
  test.each([
    [0, '0:00'],
    [7_900, '0:07'],
    [61_000, '1:01'],
    [3_599_000, '59:59'],
    [3_729_000, '1:02:09'],
    [-5_000, '0:00'],
  ])('of %d ms reads %s', (ms, text) => {
    expect(duration(1_000_000, 1_000_000 + ms)).toBe(text)
  })
})

test("the clock follows the server's time, and ignores the delay of an answer", () => {
  const serverAhead = new Date(Date.now() + 600_000).toISOString()
  noteServerTime(serverAhead)
  expect(consoleNow() - Date.now()).toBeGreaterThan(590_000)
  noteServerTime(new Date().toISOString(), Date.now() + 1_500)
  expect(Math.abs(consoleNow() - Date.now())).toBeLessThan(1_000)
})

describe('ages on the page are measured', () => {
  const answered = (secondsAgo: number, failing = false): LastAnswer => ({ at: now - secondsAgo * 1000, failing })

  test('to the current time while answers arrive, and on pages that do not poll', () => {
    expect(shownTime(now, answered(2))).toBe(now)
    expect(shownTime(now, null)).toBe(now)
    expect(shownTime(now, { at: 0, failing: true })).toBe(now)
  })

  test('to the last answer as soon as one request has failed', () => {
    expect(shownTime(now, answered(2, true))).toBe(now - 2_000)
  })

  test('to the last answer if none has arrived for long, as after a laptop slept', () => {
    expect(shownTime(now, answered(3_600))).toBe(now - 3_600_000)
  })

  test('to the last answer while requests fail, however long that takes', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(1_000_000), fc.nat(1_000_000), (at, sooner, later) => {
        const answer = { at: now + at, failing: true }
        expect(shownTime(answer.at + sooner, answer)).toBe(shownTime(answer.at + later, answer))
      }),
    )
  })
})

test('the page shows the time of its data, with the date if it is not today', () => {
  expect(asOf(Date.UTC(2026, 10, 21, 14, 3, 12), Date.UTC(2026, 10, 21, 23))).toBe('14:03:12 UTC')
  expect(asOf(Date.UTC(2026, 10, 20, 14, 3, 12), Date.UTC(2026, 10, 21, 1))).toBe('2026-11-20 14:03:12 UTC')
})
