import { describe, expect, test } from 'vitest'
import { parseCreated } from '~/sandbox/github/created-filter'

const at = '2026-11-21T10:00:00Z'

describe('the created filter of run lists', () => {
  test.each([
    ['>=2026-11-21T10:00:00Z', true],
    ['>2026-11-21T10:00:00Z', false],
    ['<2026-11-21T10:00:00Z', false],
    ['<=2026-11-21T10:00:00Z', true],
    ['>=2026-11-21T12:00:00+02:00', true],
    ['>2026-11-21T12:00:01+02:00', false],
    ['2026-11-21', true],
    ['2026-11-20', false],
    ['>2026-11-20', true],
    ['>2026-11-21', false],
    ['<=2026-11-21', true],
    ['2026-11-20..2026-11-21', true],
    ['2026-11-21T10:00:01Z..2026-11-22', false],
    ['*..2026-11-21', true],
    ['2026-11-22..*', false],
  ])('matches with %s: %s', (text, wanted) => {
    expect(parseCreated(text)?.(at)).toBe(wanted)
  })

  test.each(['yesterday', '', '>=', '2026-13-40', '2026-11-21..', '=>2026-11-21'])('refuses %j', (text) => {
    expect(parseCreated(text)).toBeUndefined()
  })
})
