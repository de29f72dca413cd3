import { expect, it } from 'vitest'
import { lanesOf, leadOf, leadWords } from '~/domain/surface/lanes'
import type { SurfaceTile } from '~/domain/surface/tile'
import { tile } from '../../ui/fixtures'

const AT = '2026-11-29T03:00:00.000Z'
const runs = (digit: string, behindBy: number | null, rest: Partial<NonNullable<SurfaceTile['version']>> = {}) => ({
  version: {
    sha: digit.repeat(40),
    tag: null,
    url: '',
    seenAt: AT,
    behindBy,
    aheadBy: 0,
    comparedAt: AT,
    shippedHere: true,
    ...rest,
  },
})
const at = (environment: string, rest: Partial<SurfaceTile> = {}) =>
  tile(`api-${environment}`, { environment, ...rest })

it('a lane holds the environments of one service, production last, and a service with one environment has none', () => {
  const tiles = [at('production'), at('staging'), at('preview'), tile('docs', { workflow: 'docs.yml' })]
  const lanes = lanesOf(tiles)
  expect(lanes.map(({ surfaces }) => surfaces.map(({ environment }) => environment))).toEqual([
    ['preview', 'staging', 'production'],
  ])
})

it('surfaces that name their service are one lane across workflows, and an archived surface is in none', () => {
  const [staging, production] = [
    at('staging', { service: 'shop', workflow: 'a.yml' }),
    at('production', { service: 'shop', workflow: 'b.yml' }),
  ]
  expect(lanesOf([production, staging]).map(({ name }) => name)).toEqual(['shop'])
  expect(lanesOf([production, { ...staging, archived: true }])).toEqual([])
})

it('the lead is the difference of the commits that both lack', () => {
  const [staging, production] = [at('staging', runs('a', 2)), at('production', runs('b', 8))]
  expect(leadWords(staging, production)).toBe('6 ahead')
  expect(leadWords(production, staging)).toBe('6 behind')
  expect(leadWords(staging, { ...production, ...runs('a', 2) })).toBe('same version')
})

it.each([
  ['a version has commits of its own', runs('b', 8, { aheadBy: 1 })],
  ['the counts are of different times', runs('b', 8, { comparedAt: '2026-11-29T03:01:00.000Z' })],
  ['a distance is unknown', runs('b', null)],
  ['the surfaces follow different refs', { ...runs('b', 8), ref: 'release' }],
  ['the surfaces count different paths', { ...runs('b', 8), paths: ['docs'] }],
  ['a surface reports no version', { version: null }],
])('the lead is unknown where %s', (_, production) => {
  expect(leadOf(at('staging', runs('a', 2)), at('production', production))).toBeNull()
})
