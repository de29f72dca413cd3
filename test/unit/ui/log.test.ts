import { describe, expect, test } from 'vitest'
import type { LogLine } from '~/domain/deploy/view'
import { isAtEnd } from '~/ui/deploy-modal/follow/use-follow'
import { missingPages, withLines } from '~/ui/deploy-modal/follow/use-log'

const lines = (from: number, to: number): LogLine[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    seq: from + index,
    line: `line ${from + index}`,
    at: '2026-11-21T03:00:00.000Z',
  }))
const held = (...read: readonly LogLine[][]) =>
  read.reduce(withLines, new Map<number, LogLine>() as ReturnType<typeof withLines>)

describe('the log', () => {
  test('has each line once, however the reads overlap', () => {
    expect([...held(lines(3, 6), lines(5, 8), lines(1, 4)).keys()].toSorted((a, b) => a - b)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8,
    ])
  })

  test('stays the same object if a poll brings nothing new, so that nothing renders', () => {
    const log = held(lines(1, 3))
    expect(withLines(log, lines(2, 3))).toBe(log)
  })

  test('reads only the pages of the lines in view that are not held', () => {
    const log = held(lines(19_801, 20_000))
    expect(missingPages(log, 19_950, 20_000)).toEqual([])
    expect(missingPages(log, 1, 40)).toEqual([200])
    expect(missingPages(log, 190, 220)).toEqual([200, 400])
    expect(missingPages(log, 19_790, 19_810)).toEqual([19_800])
    expect(missingPages(log, 1, 0)).toEqual([])
  })
})

describe('following the log', () => {
  test('continues within a few pixels of the end, and stops after scrolling up', () => {
    expect(isAtEnd({ scrollTop: 776, scrollHeight: 1000, clientHeight: 224 })).toBe(true)
    expect(isAtEnd({ scrollTop: 760.4, scrollHeight: 1000, clientHeight: 224 })).toBe(true)
    expect(isAtEnd({ scrollTop: 700, scrollHeight: 1000, clientHeight: 224 })).toBe(false)
  })
})
