import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvRecord } from '~/server/platform/http/stream-export'
import { parseCsv } from '~test/support/parse-csv'

describe('a CSV record', () => {
  it('quotes every field that holds more than words', () => {
    expect(csvRecord(['plain', 'a,b', 'say "hi"', 'two\r\nlines', 'a;b', '', null])).toBe(
      'plain,"a,b","say ""hi""","two\r\nlines","a;b",,\r\n',
    )
  })

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', '＝1'])(
    'prefixes %j, which a spreadsheet would run as a formula',
    (text) => {
      expect(csvRecord([text])).toBe(`"'${text}"\r\n`)
    },
  )

  it.each([
    ["x;=cmd|'/c calc'!A1;y", `"x;'=cmd|'/c calc'!A1;y"`],
    ['x; "=1"', `"x;' ""=1"""`],
    ['\t=1', `"'\t'=1"`],
    ['one\n- two', `"one\n'- two"`],
    ['a;b - c', '"a;b - c"'],
  ])('prefixes a formula inside %j, which starts a cell where semicolons separate', (text, field) => {
    expect(csvRecord([text])).toBe(`${field}\r\n`)
  })

  it('gives no spreadsheet a cell that starts like a formula, whichever character separates cells', () => {
    const text = fc.string({ unit: fc.constantFrom(...';\t\r\n" =-＝,x') })
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), (fields) => {
        for (const cell of csvRecord(fields).split(/[;\t\r\n]/)) expect(cell).not.toMatch(/^[ "]*[=－＝-]/)
        expect(parseCsv(csvRecord(fields))[0]?.map((field) => field.replaceAll("'", ''))).toEqual(fields)
      }),
    )
  })
})
