import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, hasExactNumbers } from '~/server/audit/seal-record'

describe('canonical JSON', () => {
  it('matches the example of RFC 8785 (3.2.2 and 3.2.3)', () => {
    const value = {
      numbers: JSON.parse('[333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001]'),
      string: '€$\u000f\nA\'B"\\\\"/',
      literals: [null, true, false],
    }
    expect(canonicalJson(value)).toBe(
      `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA'B\\"\\\\\\\\\\"/"}`,
    )
    const names = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 }
    expect(Object.values(JSON.parse(canonicalJson(names)))).toHaveLength(7)
    expect([...canonicalJson(names).matchAll(/:(\d)/g)].map(([, n]) => n).join('')).toBe('2467153')
  })

  it('has the value that it was made of, and does not depend on the order of members', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(canonicalJson(reversed(JSON.parse(text)))).toBe(text)
      }),
    )
  })

  it('keeps a member named __proto__', () => {
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":2}'))).toBe('{"__proto__":2,"b":1}')
  })
})

describe('the numbers of a jsonb text', () => {
  it.each([
    '{"a": 1, "b": [-0.25, 10.50]}',
    '"1.00000000000000000001"',
    '1000000000000000000000000',
    '0.0000001',
    '{"9007199254740993": "\\"9007199254740993"}',
  ])('are exact in %s', (text) => expect(hasExactNumbers(text)).toBe(true))
  it.each([
    '9007199254740993',
    '{"a": 1.00000000000000000001}',
    '[0.1, 0.10000000000000000001]',
    `1${'0'.repeat(400)}`,
  ])('are not exact in %s', (text) => expect(hasExactNumbers(text)).toBe(false))
})

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  )
}
