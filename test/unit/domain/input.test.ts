import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  environmentName,
  instant,
  lineCursor,
  lineCursorText,
  nameText,
  rangeEnd,
  rangeStart,
  reasonText,
  rowCursor,
  runIdText,
} from '~/domain/input'

const accepts = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success
const asIso = (schema: z.ZodType, value: unknown) => z.date().parse(schema.parse(value)).toISOString()

describe('a time', () => {
  it.each([
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59-23:59',
    '1969-12-31T23:59:59Z',
    '1970-01-01T00:00:00+00:01',
    '2026-02-30T00:00:00Z',
    '2026-11-28T10:00:00',
    '+275760-09-13T00:00:00Z',
    '2026-11-28T10:00:00+24:00',
  ])('in the form %s is refused, as an instant and as an end of a range', (text) => {
    for (const schema of [instant, rangeStart, rangeEnd]) expect(accepts(schema, text)).toBe(false)
  })

  it.each([
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['2026-11-28T10:00:00+01:00', '2026-11-28T09:00:00.000Z'],
  ])('in the form %s is %s', (text, iso) => {
    for (const schema of [instant, rangeStart, rangeEnd]) expect(asIso(schema, text)).toBe(iso)
  })

  it('that is a day starts and ends with that day, even the last possible one', () => {
    expect(asIso(rangeStart, '2026-11-28')).toBe('2026-11-28T00:00:00.000Z')
    expect(asIso(rangeEnd, '2026-11-28')).toBe('2026-11-29T00:00:00.000Z')
    expect(asIso(rangeEnd, '9999-12-31')).toBe('9999-12-31T23:59:59.999Z')
    expect(accepts(rangeStart, '0000-01-01')).toBe(false)
  })
})

describe('a cursor', () => {
  it('outside the range of its column is refused', () => {
    for (const schema of [rowCursor, runIdText]) {
      expect(accepts(schema, '9223372036854775807')).toBe(true)
      for (const text of ['9223372036854775808', '9'.repeat(19), '0', '-1', '1.5', '1e3', '', '１']) {
        expect(accepts(schema, text), text).toBe(false)
      }
    }
    expect(accepts(lineCursor, 2_147_483_647)).toBe(true)
    expect(accepts(lineCursorText, '2147483647')).toBe(true)
    for (const value of [2_147_483_648, 2 ** 53, 0, -1, 0.5]) expect(accepts(lineCursor, value)).toBe(false)
    for (const text of ['2147483648', '9999999999', '0', '%']) expect(accepts(lineCursorText, text)).toBe(false)
  })
})

describe('a text', () => {
  it.each(['a\u0000b', '\u0000', '\ud800', 'a\udc00'])('that cannot be stored is refused everywhere (%j)', (text) => {
    for (const schema of [nameText, environmentName, reasonText]) expect(accepts(schema, text)).toBe(false)
  })

  it.each(['a\u202eb', '\u2066a\u2069', 'a\u200bb', 'a\u001bb', 'a\u00adb', '\u2068a\u2069', 'a\u{e0041}'])(
    'with an invisible character is not a name (%j)',
    (text) => expect(accepts(nameText, text)).toBe(false),
  )

  it.each(['Ada Lovelace', 'Zoë', 'عبد الله', 'שרה', 'می‌خواهم', '李小龙', '👩‍👩‍👧‍👦', '❤️', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'])(
    'such as %s is a name',
    (text) => {
      expect(nameText.parse(` ${text} `)).toBe(text)
    },
  )
})
