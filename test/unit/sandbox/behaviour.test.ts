import { expect, test } from 'vitest'
import { type Behaviour, behaviours, timingOf } from '~/sandbox/surfaces/behaviour'

test('only a slow surface takes much longer, at every stage', () => {
  const slow = timingOf('slow')
  for (const behaviour of behaviours.filter((other) => other !== 'slow')) {
    const usual = timingOf(behaviour)
    for (const stage of ['smokeMs', 'bootMs', 'warmUpMs'] as const)
      expect(slow[stage]).toBeGreaterThan(usual[stage] * 5)
  }
})

test('only a quick surface takes no time', () => {
  const waits = (behaviour: Behaviour) => Object.values(timingOf(behaviour)).reduce((sum, ms) => sum + ms)
  expect(behaviours.filter((behaviour) => waits(behaviour) === 0)).toEqual(['quick'])
})
