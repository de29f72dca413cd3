import { describe, expect, it } from 'vitest'
import { csvRecord } from '~/server/audit/read-audit'

describe('a CSV record', () => {
  it('quotes what RFC 4180 says must be quoted, and nothing else', () => {
    expect(csvRecord(['plain', 'a,b', 'say "hi"', 'two\r\nlines', '', null])).toBe(
      'plain,"a,b","say ""hi""","two\r\nlines",,\r\n',
    )
  })

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1'])('keeps a spreadsheet from running %j', (text) => {
    expect(csvRecord([text])).toBe(`"'${text}"\r\n`)
  })
})
