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
    ['an error', JSON.stringify({ message: '405 Method Not Allowed', statusCode: 405 })],
    ['no output', ''],
    ['HTML', '<html>'],
    ['a report about no packages', answered({}, 0)],
    ['an incomplete report', JSON.stringify({ vulnerabilities: {} })],
  ])('does not count as done if the registry gave %s', (_, printed) => {
    expect(judgeAudit(printed, {}).kind).toBe('not audited')
  })

  test('is clean if the registry knows no advisory', () => {
    expect(judgeAudit(answered({}), {})).toEqual({ kind: 'clean', lines: ['900 packages audited, 0 advisories'] })
  })

  test('fails for an advisory without an explanation, and for a package listed without an advisory', () => {
    expect(judgeAudit(answered(left), {}).kind).toBe('found')
    expect(judgeAudit(answered({ left: { ...left.left, via: ['right'] } }), {}).kind).toBe('found')
  })

  test('is clean again once every advisory is explained by its id, and prints the explanation', () => {
    const verdict = judgeAudit(answered(left), { 'GHSA-aaaa-bbbb-cccc': 'only reached with input of ours' })
    expect(verdict.kind).toBe('clean')
    expect(verdict.lines[0]).toContain('Explained: only reached with input of ours')
    expect(judgeAudit(answered(left), { 'GHSA-other': 'x' }).kind).toBe('found')
  })
})
