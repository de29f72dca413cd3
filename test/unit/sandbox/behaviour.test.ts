import { expect, test } from 'vitest'
import { behaviours, timingOf } from '~/sandbox/surfaces/behaviour'

test('only a slow surface takes noticeably longer, and at every stage', () => {
  const slow = timingOf('slow')
  for (const behaviour of behaviours.filter((other) => other !== 'slow')) {
    const usual = timingOf(behaviour)
    for (const stage of ['smokeMs', 'bootMs', 'warmUpMs'] as const)
      expect(slow[stage]).toBeGreaterThan(usual[stage] * 5)
  }
})
