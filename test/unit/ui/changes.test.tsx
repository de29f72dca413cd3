import { renderToStaticMarkup } from 'react-dom/server'
import { expect, it } from 'vitest'
import type { Comparison, Review } from '~/domain/surface/review'
import type { SurfaceTile } from '~/domain/surface/tile'
import { ChangedCommits, Changes } from '~/ui/deploy-modal/review/changes'
import { BASIS, tile } from './fixtures'

const commit = (title: string) => ({
  sha: title.repeat(40),
  title: `Commit ${title}`,
  author: 'ada',
  at: '2026-11-28T00:00:00.000Z',
  url: 'https://example.com',
})
const comparison: Comparison = {
  kind: 'diverged',
  adds: 2,
  removes: 1,
  commits: [commit('a'), commit('b')],
  removed: [commit('c')],
  touching: null,
  url: 'https://example.com',
}
const shown = (touching: Comparison['touching']) => {
  const html = renderToStaticMarkup(<ChangedCommits comparison={{ ...comparison, touching }} head={null} />)
  const [open = '', collapsed] = html.split('<details')
  const titles = (part: string) => [...part.matchAll(/Commit ./g)].map(([title]) => title)
  return {
    sentence: /<p[^>]*><bdi>([^<]*)/.exec(html)?.[1],
    open: titles(open),
    collapsed: collapsed === undefined ? null : titles(collapsed),
  }
}

it('the commits outside of the paths of a surface are collapsed', () => {
  const known = { adds: 1, removes: 1, shas: ['b'.repeat(40), 'c'.repeat(40)] }
  expect(shown({ paths: ['services/api/**', 'go.mod'], known })).toEqual({
    sentence: '2 of 3 commits are in GitHub’s history of services/api/**, go.mod.',
    open: ['Commit b', 'Commit c'],
    collapsed: ['Commit a'],
  })
  expect(shown({ paths: ['docs'], known: { adds: 0, removes: 0, shas: [] } })).toEqual({
    sentence: 'None of these commits is in GitHub’s history of docs.',
    open: [],
    collapsed: ['Commit a', 'Commit b', 'Commit c'],
  })
})

it('nothing is collapsed if every commit is in the history of the paths', () => {
  const known = { adds: 2, removes: 1, shas: ['a', 'b', 'c'].map((digit) => digit.repeat(40)) }
  expect(shown({ paths: ['docs'], known }).collapsed).toBeNull()
})

it('every commit is shown if it is not known which of them belong to the paths, or if the surface has none', () => {
  const all = ['Commit a', 'Commit b', 'Commit c']
  expect(shown({ paths: ['docs'], known: null })).toEqual({
    sentence: 'It is not known which of these commits are in GitHub’s history of docs.',
    open: all,
    collapsed: null,
  })
  expect(shown(null)).toEqual({ sentence: undefined, open: all, collapsed: null })
})

it('a surface that reports a version of which no commit is known is not called silent', () => {
  const review: Review = {
    ...{ surfaceId: 'api', ref: 'main', sha: 'a'.repeat(40), head: null, runningSha: null, comparison: null },
    ...{ warnings: [], freezeIds: [], asked: [], workflowRef: null, basis: BASIS },
  }
  const runsNow = (unknownVersion: SurfaceTile['unknownVersion']) =>
    renderToStaticMarkup(<Changes review={review} surface={tile('api', { unknownVersion })} />)
  expect(runsNow({ name: 'latest', why: 'Moved.' })).toContain('commit unknown')
  expect(runsNow(null)).toContain('not reported')
})
