import { expect, it } from 'vitest'
import { safeNextPath } from '~/domain/next-path'

it.each(['/', '/audit', '/?deploy=0199&x=1', '/surfaces/api-prod#top'])(
  'the page %s is kept as the next page',
  (path) => {
    expect(safeNextPath(path)).toBe(path)
  },
)

it.each([
  'https://evil.example',
  '//evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/./..//evil.example',
  '/.//evil.example',
  '/a/..//evil.example',
  'javascript:alert(1)',
  '/sign-in?next=/',
  '/api/trpc/deploys.list',
  '/setup/abc',
  '',
  undefined,
  ['/audit', '/flags'],
])('the address %j is replaced by the grid', (asked) => {
  expect(safeNextPath(asked)).toBe('/')
})
