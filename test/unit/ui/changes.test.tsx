// @vitest-environment happy-dom
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, it } from 'vitest'
import type { CommitCheck, Comparison, Review } from '~/domain/surface/review'
import type { SurfaceTile } from '~/domain/surface/tile'
import { ChangedCommits, Changes } from '~/ui/deploy-modal/review/changes'
import { Checks } from '~/ui/deploy-modal/review/checks'
import { BASIS, NO_CHECKS, tile } from './fixtures'

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

it('a surface that reports a version with an unknown commit is not called silent', () => {
  const review: Review = {
    ...{ surfaceId: 'api', ref: 'main', sha: 'a'.repeat(40), head: null, runningSha: null, comparison: null },
    ...{
      pulls: [],
      pullsComplete: true,
      checks: NO_CHECKS,
      warnings: [],
      freezeIds: [],
      asked: [],
      workflowRef: null,
      checklist: [],
      basis: BASIS,
    },
  }
  const runsNow = (unknownVersion: SurfaceTile['unknownVersion']) =>
    renderToStaticMarkup(<Changes review={review} surface={tile('api', { unknownVersion })} />)
  expect(runsNow({ name: 'latest', why: 'Moved.' })).toContain('commit unknown')
  expect(runsNow(null)).toContain('not reported')
})

it('a commit that brought in a pull request is shown as that pull request, with title, author and linked number', () => {
  const pull = (sha: string, number: number) => ({
    ...{ sha: sha.repeat(40), number, title: `Pull ${number}`, author: 'grace' },
    url: `https://github.example.com/acme/platform/pull/${number}`,
  })
  const page = document.createElement('div')
  page.innerHTML = renderToStaticMarkup(
    <ChangedCommits comparison={{ ...comparison, touching: null }} head={null} pulls={[pull('a', 12), pull('c', 9)]} />,
  )
  const rows = [...page.querySelectorAll('li')].map((row) => row.textContent)
  expect(rows.filter((row) => row.includes('Pull 12 #12'))).toEqual([expect.stringContaining('grace')])
  expect(
    [...page.querySelectorAll('[aria-label="Removed commits"] a')].map((link) => link.getAttribute('href')),
  ).toContain('https://github.example.com/acme/platform/pull/9')
  expect(rows.some((row) => row.includes('Commit b') && row.includes('ada'))).toBe(true)
})

it('checks are counted in a sentence, and those that did not pass come first and are open', () => {
  const check = (name: string, state: CommitCheck['state'], word: string) => ({
    ...{ name, state, word },
    url: name === 'tests' ? 'https://ci.example.com/1' : null,
  })
  const page = document.createElement('div')
  const show = (checks: readonly CommitCheck[], counts: object, complete = true) => {
    const given = { checks, counts: { ...NO_CHECKS.counts, ...counts }, complete }
    page.innerHTML = renderToStaticMarkup(<Checks checks={given} />)
    return { text: page.textContent, isOpen: page.querySelector('details')?.open }
  }
  const red = [check('tests', 'red', 'failure'), check('slow', 'pending', 'pending'), check('lint', 'green', 'success')]
  expect(show(red, { red: 1, pending: 1, green: 1 })).toEqual({
    text: 'Checks1 failed · 1 pending · 1 passedtests(opens in a new tab)FailureslowPendinglintSuccess',
    isOpen: true,
  })
  expect(page.querySelector('a')?.href).toBe('https://ci.example.com/1')
  expect(show([check('lint', 'green', 'success')], { green: 1 }).isOpen).toBe(false)
  const [passed, skipped] = [check('lint', 'green', 'success'), check('e2e', 'other', 'skipped')]
  const cancelled = check('docs', 'other', 'cancelled')
  expect(show([skipped, passed], { other: 1, green: 1 })).toEqual({
    text: 'Checks1 skipped · 1 passede2eSkippedlintSuccess',
    isOpen: false,
  })
  expect(show([skipped, cancelled], { other: 2 })).toMatchObject({
    text: expect.stringContaining('2 neither passed nor failed'),
    isOpen: true,
  })
  expect(show([], {}).text).toBe('GitHub lists no checks of this commit.')
  expect(show([], {}, false).text).toBe('The checks of this commit could not be read.')
})
