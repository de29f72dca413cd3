import { describe, expect, test } from 'vitest'
import { judgeAudit } from '~test/support/supply-chain/audit-report'

const answered = (vulnerabilities: object, total = 900) =>
  JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: { dependencies: { total } } })
const advisory = {
  title: 'Denial of service',
  url: 'https://example.com/advisories/GHSA-aaaa-bbbb-cccc',
  severity: 'high',
  name: 'left',
}
const left = { left: { name: 'left', severity: 'high', via: [advisory] } }

describe('the audit of dependencies', () => {
  test.each([
    ['an error of the registry', JSON.stringify({ message: '405 Method Not Allowed', statusCode: 405 })],
    ['nothing', ''],
    ['a page instead of JSON', '<html>'],
    ['an answer about no packages', answered({}, 0)],
    ['half a report', JSON.stringify({ vulnerabilities: {} })],
  ])('is not green when the registry gave %s', (_, printed) => {
    expect(judgeAudit(printed, {}).kind).toBe('not audited')
  })

  test('is green when the registry answered and knows of nothing', () => {
    expect(judgeAudit(answered({}), {})).toEqual({ kind: 'clean', lines: ['900 packages audited, 0 advisories'] })
  })

  test('is red for an advisory nobody explained, and for a package listed without one', () => {
    expect(judgeAudit(answered(left), {}).kind).toBe('found')
    expect(judgeAudit(answered({ left: { ...left.left, via: ['right'] } }), {}).kind).toBe('found')
  })

  test('is green again when every advisory is explained by its id, and says the explanation', () => {
    const verdict = judgeAudit(answered(left), { 'GHSA-aaaa-bbbb-cccc': 'only reached with input of ours' })
    expect(verdict.kind).toBe('clean')
    expect(verdict.lines[0]).toContain('Explained: only reached with input of ours')
    expect(judgeAudit(answered(left), { 'GHSA-other': 'x' }).kind).toBe('found')
  })
})
