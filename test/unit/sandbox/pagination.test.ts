import { describe, expect, test } from 'vitest'
import { linkHeader, pageItems, pageOf } from '~/sandbox/github/pagination'

const query = (text: string): URLSearchParams => new URLSearchParams(text)

describe('paging', () => {
  test.each([
    ['', 30, 1],
    ['per_page=5&page=2', 5, 2],
    ['per_page=1000', 100, 1],
    ['per_page=0&page=-3', 30, 1],
    ['per_page=ten&page=two', 30, 1],
  ])('reads the query %j as %i items per page and page %i', (text, perPage, page) => {
    expect(pageOf(query(text))).toMatchObject({ perPage, page })
  })

  test('cuts a list into pages that together hold the list', () => {
    const items = [1, 2, 3, 4, 5, 6, 7]
    const pages = [1, 2, 3].flatMap((page) => pageItems(items, pageOf(query(`per_page=3&page=${page}`))))
    expect(pages).toEqual(items)
  })

  test("links to its neighbours in GitHub's order, and keeps the other parameters", () => {
    const given = query('event=push&per_page=2&page=2')
    expect(linkHeader('http://x/runs', given, pageOf(given), 7)['link']).toBe(
      '<http://x/runs?event=push&per_page=2&page=1>; rel="prev", ' +
        '<http://x/runs?event=push&per_page=2&page=3>; rel="next", ' +
        '<http://x/runs?event=push&per_page=2&page=4>; rel="last", ' +
        '<http://x/runs?event=push&per_page=2&page=1>; rel="first"',
    )
  })

  test('has no Link header if everything is on one page', () => {
    expect(linkHeader('http://x/runs', query(''), pageOf(query('')), 30)).toEqual({})
  })
})
