import { describe, expect, it } from 'vitest'
import { type RolloutEnvironment, refusalOf } from '~/domain/flags'

const on = { enabled: true }
const off = { enabled: false }

/** default · staging · production · shipped in staging · environment · to · allowed */
const rows: [boolean, typeof on | undefined, typeof on | undefined, boolean, RolloutEnvironment, boolean, boolean][] = [
  [false, undefined, undefined, false, 'staging', true, true],
  [false, undefined, undefined, false, 'production', true, false],
  [false, undefined, undefined, true, 'production', true, false],
  [false, on, undefined, false, 'production', true, false],
  [false, on, undefined, true, 'production', true, true],
  [false, on, off, false, 'production', true, false],
  [false, on, off, true, 'production', true, true],
  [false, off, off, true, 'production', true, false],
  [false, on, on, true, 'production', false, true],
  [false, on, on, true, 'staging', false, false],
  [false, on, off, true, 'staging', false, true],
  [false, on, undefined, false, 'staging', false, true],
  // Declared on: production is on unless somebody demoted it.
  [true, on, undefined, false, 'staging', false, false],
  [true, undefined, undefined, false, 'production', false, true],
]

describe('the rollout of a flag', () => {
  it.each(rows)(
    'with default %j, staging %j, production %j, shipped in staging %j: changing %s to %j is allowed: %j',
    (byDefault, staging, production, observedOnStaging, environment, to, allowed) => {
      const promotions = { ...(staging && { staging }), ...(production && { production }) }
      const refusal = refusalOf({ default: byDefault, promotions, observedOnStaging }, environment, to)
      expect(refusal === null).toBe(allowed)
    },
  )
})
