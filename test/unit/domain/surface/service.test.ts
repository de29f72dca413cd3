import { expect, it } from 'vitest'
import { isSameService } from '~/domain/surface/service'

const surface = { service: null, repository: 'acme/platform', workflow: 'ship.yml' }

it.each([
  ['are one service with the same workflow', {}, {}, true],
  ['are not one service with another workflow', {}, { workflow: 'docs.yml' }, false],
  [
    'are one service if they name it, whatever their workflows',
    { service: 'api' },
    { service: 'api', workflow: 'b.yml' },
    true,
  ],
  ['are not one service if they name others, in spite of one workflow', { service: 'api' }, { service: 'web' }, false],
  ['are not one service if only one of them names it', { service: 'api' }, {}, false],
  [
    'are never one service in two repositories',
    { service: 'api' },
    { service: 'api', repository: 'acme/other' },
    false,
  ],
])('two surfaces %s', (_, one, other, expected) => {
  const [a, b] = [
    { ...surface, ...one },
    { ...surface, ...other },
  ]
  expect([isSameService(a, b), isSameService(b, a)]).toEqual([expected, expected])
})
