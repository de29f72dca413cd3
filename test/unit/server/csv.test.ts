import { describe, expect, it } from 'vitest'
import { csvRecord } from '~/server/platform/http/stream-export'

describe('a CSV record', () => {
  it('quotes exactly what RFC 4180 requires to be quoted', () => {
    expect(csvRecord(['plain', 'a,b', 'say "hi"', 'two\r\nlines', '', null])).toBe(
      'plain,"a,b","say ""hi""","two\r\nlines",,\r\n',
    )
  })

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1'])(
    'prefixes %j, which a spreadsheet would run as a formula',
    (text) => {
      expect(csvRecord([text])).toBe(`"'${text}"\r\n`)
    },
  )
})
