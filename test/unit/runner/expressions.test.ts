import { describe, expect, test } from 'vitest'
import { evaluate, isTrue, type Scope } from '~/sandbox/runner/expressions'

const scope: Scope = {
  contexts: {
    inputs: { environment: 'production', dry: false },
    needs: { smoke: { result: 'success', outputs: {} }, 'freeze-check': { result: 'skipped', outputs: {} } },
    vars: {},
    secrets: { TOKEN: 's3cret' },
  },
  status: { success: () => false, failure: () => true, cancelled: () => false },
}

describe('expressions', () => {
  test.each([
    ["inputs.environment == 'PRODUCTION'", true],
    ['inputs.dry', false],
    ["needs.freeze-check.result == 'skipped' && needs.smoke.result == 'success'", true],
    ["vars.MISSING || 'fallback'", true],
    ['vars.MISSING', false],
    ['success()', false],
    ['failure() && !cancelled()', true],
    ['always()', true],
    ["contains(fromJSON('[1, 2]'), 2)", true],
  ])('the expression %s is %s, as on GitHub', (expression, expected) => {
    expect(isTrue(expression, scope)).toBe(expected)
  })

  test('values become text as on GitHub', () => {
    const text = (expression: string) => evaluate(expression, scope).coerceString()
    expect(text("format('{0} to {1}', inputs.dry, inputs.environment)")).toBe('false to production')
    expect(text('vars.MISSING')).toBe('')
    expect(text('1.50')).toBe('1.5')
    expect(text('toJSON(inputs)')).toBe('{\n  "environment": "production",\n  "dry": false\n}')
  })

  test('an unknown context or function is an error that names it', () => {
    expect(() => evaluate('matrix.os', scope)).toThrow(/matrix/)
    expect(() => evaluate('success()', { contexts: {} })).toThrow(/success/)
  })
})
