import { describe, expect, test } from 'vitest'
import { logRows, mergeLog } from '~/ui/deploy-modal/follow/log-tail'
import { isAtEnd, scrollAfterChange } from '~/ui/deploy-modal/follow/use-follow'

const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    seq: from + index,
    line: `line ${from + index}`,
    at: '2026-11-21T03:00:00.000Z',
  }))

const seqs = (log: ReturnType<typeof mergeLog>) => log.map((line) => line.seq)

describe('the log', () => {
  test('has each line once and in order, however the reads overlap', () => {
    expect(seqs(mergeLog(lines(3, 6), lines(5, 8)))).toEqual([3, 4, 5, 6, 7, 8])
    expect(seqs(mergeLog(lines(5, 8), lines(1, 4)))).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  test('stays the same object if a poll brings nothing new, so that nothing renders', () => {
    const held = lines(1, 3)
    expect(mergeLog(held, lines(2, 3))).toBe(held)
  })

  test('shows a gap for lines that are not loaded', () => {
    const rows = logRows([...lines(41, 42), ...lines(50, 50)])
    expect(rows.map((row) => (row.kind === 'gap' ? `${row.missing} before ${row.before}` : row.line.seq))).toEqual([
      '40 before 41',
      41,
      42,
      '7 before 50',
      50,
    ])
  })

  test('has no gap when it is complete', () => {
    expect(logRows(lines(1, 3)).every((row) => row.kind === 'line')).toBe(true)
  })
})

describe('following the log', () => {
  test('continues within a few pixels of the end, and stops after scrolling up', () => {
    expect(isAtEnd({ scrollTop: 776, scrollHeight: 1000, clientHeight: 224 })).toBe(true)
    expect(isAtEnd({ scrollTop: 760.4, scrollHeight: 1000, clientHeight: 224 })).toBe(true)
    expect(isAtEnd({ scrollTop: 700, scrollHeight: 1000, clientHeight: 224 })).toBe(false)
  })

  const grown = { scrollTop: 300, heightBefore: 1000, heightAfter: 1200 }

  test('scrolls to the end when lines arrive', () => {
    expect(scrollAfterChange({ ...grown, following: true, addedAbove: false })).toBe(1200)
  })

  test('does not move the view when lines arrive while scrolled up', () => {
    expect(scrollAfterChange({ ...grown, following: false, addedAbove: false })).toBeNull()
  })

  test('keeps the same lines in view if older ones are added above them', () => {
    expect(scrollAfterChange({ ...grown, following: false, addedAbove: true })).toBe(500)
  })
})
