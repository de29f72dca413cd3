// @vitest-environment happy-dom
import { act } from 'react'
import { afterEach, expect, it, vi } from 'vitest'
import { TileGroup } from '~/ui/grid/tile-group'
import { firstPlace } from '~/ui/grid/use-near'
import { tile } from './fixtures'
import { renderPage } from './render-page'

const ROW_PX = 44
const ROWS = 160
const nothing = () => undefined

/** Rows as high as on a large screen. happy-dom lays nothing out. */
function layOutRows() {
  vi.spyOn(Element.prototype, 'getBoundingClientRect').mockImplementation(function (this: Element) {
    const place = [...(this.parentElement?.children ?? [])].indexOf(this)
    return new DOMRect(0, place * ROW_PX - window.scrollY, 1000, ROW_PX)
  })
}

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
  window.scrollTo(0, 0)
})

async function showRows(count = ROWS) {
  layOutRows()
  const tiles = Array.from({ length: count }, (_, n) => tile(`many-${n}`))
  const page = await renderPage(
    <TileGroup
      view="list"
      collapsed={false}
      onCollapse={nothing}
      group={{ environment: 'production', tiles }}
      current="many-0"
      onCurrent={nothing}
      onDeploy={nothing}
      onOpen={nothing}
      onReturn={nothing}
    />,
  )
  const detailed = () =>
    [...document.querySelectorAll('[data-surface]')]
      .filter((row) => row.querySelector('[title="Past deploys"]') !== null)
      .map((row) => Number(row.getAttribute('data-surface')?.slice('many-'.length)))
  const scrollTo = (y: number) =>
    page.settle(() => {
      window.scrollTo(0, y)
      window.dispatchEvent(new Event('scroll'))
    })
  return { page, detailed, scrollTo }
}

it('every surface of a long list has its name and health, and those within a screen of the screen their details', async () => {
  const { detailed } = await showRows()
  const rows = [...document.querySelectorAll('[data-surface]')]
  expect(rows).toHaveLength(ROWS)
  expect(rows.every((row, n) => row.querySelector('h3')?.textContent === `many-${n}, production`)).toBe(true)
  expect(rows.every((row) => row.textContent?.includes('Healthy'))).toBe(true)
  const shown = detailed()
  expect(shown[0]).toBe(0)
  expect(shown.at(-1)).toBe(Math.floor((2 * window.innerHeight) / ROW_PX))
})

it('a page that is scrolled slowly shows details at once, and one that is scrolled quickly when it rests', async () => {
  const { detailed, scrollTo } = await showRows()
  const before = detailed()
  await scrollTo(4_400)
  expect(detailed()).toEqual(before)
  await act(() => new Promise((resolve) => setTimeout(resolve, 150)))
  const rested = detailed()
  expect(rested).toContain(Math.floor(4_400 / ROW_PX))
  // The row with the focus keeps its controls.
  expect(rested[0]).toBe(0)
  expect(rested[1]).toBeGreaterThan(50)
  for (let y = 4_440; y <= 4_840; y += 40) await scrollTo(y)
  expect(detailed().at(-1)).toBe((rested.at(-1) ?? 0) + 10)
})

it('a list of forty shows all details, however far down it reaches', async () => {
  const { detailed, scrollTo } = await showRows(40)
  expect(40 * ROW_PX).toBeGreaterThan(2 * window.innerHeight)
  expect(detailed()).toHaveLength(40)
  await scrollTo(-10_000)
  expect(detailed()).toHaveLength(40)
})

it('paper has the details of every surface', async () => {
  const { page, detailed } = await showRows()
  await page.settle(() => window.dispatchEvent(new Event('beforeprint')))
  expect(detailed()).toHaveLength(ROWS)
  await page.settle(() => window.dispatchEvent(new Event('afterprint')))
  expect(detailed().length).toBeLessThan(ROWS)
})

it('the first place is found by measuring a few elements, and is the number of elements if none is far enough', () => {
  let measured = 0
  const elements = Array.from({ length: 500 }, (_, n) => ({
    getBoundingClientRect: () => {
      measured += 1
      return new DOMRect(0, n * ROW_PX, 1, ROW_PX)
    },
  }))
  expect(firstPlace(elements, ({ bottom }) => bottom > 4_400)).toBe(100)
  expect(measured).toBeLessThanOrEqual(10)
  expect(firstPlace(elements, ({ top }) => top > 1e6)).toBe(500)
  expect(firstPlace([], () => true)).toBe(0)
})
