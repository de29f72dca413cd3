import { describe, expect, it } from 'vitest'
import { auditFilter } from '~/domain/audit/filter'
import { AUDIT_FILTER_NAMES } from '~/domain/audit/trail'
import { readFilter } from '~/domain/filter-text'
import { filterQuery } from '~/ui/filters/filter-address'

describe('the audit filter in the address', () => {
  it('reads back as the same filter, and drops other parameters', () => {
    const filter = { actor: 'ada & co', from: '2026-11-21', deploy: '0193a0c0-0000-7000-8000-000000000001' }
    expect(
      readFilter(AUDIT_FILTER_NAMES, new URLSearchParams(filterQuery(AUDIT_FILTER_NAMES, filter, { format: 'csv' }))),
    ).toEqual(filter)
    expect(readFilter(AUDIT_FILTER_NAMES, new URLSearchParams('actor=&surface=%20&other=1'))).toEqual({})
    expect(filterQuery(AUDIT_FILTER_NAMES, { actor: '' })).toBe('')
  })

  it('reads a day as a whole day in UTC and a time as that time', () => {
    expect(auditFilter.parse({ from: '2026-11-21', to: '2026-11-21' })).toEqual({
      from: new Date('2026-11-21T00:00:00Z'),
      to: new Date('2026-11-22T00:00:00Z'),
    })
    expect(auditFilter.parse({ to: '2026-11-21T03:00:00+01:00' }).to).toEqual(new Date('2026-11-21T02:00:00Z'))
    expect(auditFilter.safeParse({ from: 'yesterday' }).success).toBe(false)
  })
})
