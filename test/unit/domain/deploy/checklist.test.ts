import { expect, test } from 'vitest'
import { explainUnticked, linesToTick } from '~/domain/deploy/checklist'

const DECLARED = ['Ask support', 'Try the migration']

test.each([
  [DECLARED, null],
  [DECLARED.toReversed(), null],
  [['Ask support'], '“Try the migration” is not ticked.'],
  [[], '“Ask support” is not ticked.'],
  [['ask support', 'Try the migration'], '“Ask support” is not ticked.'],
  [[...DECLARED, 'Ask sales'], '“Ask sales” is not a line of the checklist.'],
  [[...DECLARED, 'Ask support'], '“Ask support” is ticked twice.'],
])('the ticked lines %j are compared with the declared ones: %s', (ticked, sentence) => {
  expect(explainUnticked(DECLARED, ticked)?.sentence ?? null).toBe(sentence)
})

test('a rollback needs no line, and every other deploy needs all', () => {
  expect(linesToTick(DECLARED, { kind: 'rollback' })).toEqual([])
  expect(linesToTick(DECLARED, { kind: 'promotion' })).toEqual(DECLARED)
  expect(linesToTick(DECLARED, null)).toEqual(DECLARED)
})
