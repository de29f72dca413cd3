import { expect, type Page } from '@playwright/test'
import { test, tile } from '~test/e2e/operator'
import { addSurfaces, archiveAddedSurfaces, renameSurface } from '~test/support/product-database'

const MANY = 220
const LAST = `many-${MANY - 1}`

test.beforeEach(async ({ page, product }) => {
  await addSurfaces(product, MANY)
  await page.goto(product.url)
  await expect(tile(page, LAST)).toHaveCount(1)
})

test.afterEach(async ({ product }) => {
  await archiveAddedSurfaces(product)
})

const details = (page: Page, surface: string) => tile(page, surface).getByRole('link', { name: /^Past deploys of/ })

test('a surface far down a large grid is found by text, by the browser’s search and by its role, and shows its live state when it is reached', async ({
  page,
  product,
}) => {
  await expect(tile(page, LAST)).not.toBeInViewport()
  await expect(details(page, LAST)).toHaveCount(0)
  await expect(page.getByRole('button', { name: new RegExp(`^${LAST} ?, production$`) })).toHaveCount(1)
  await expect(tile(page, LAST).getByRole('heading', { level: 3 })).toHaveText(`${LAST}, production`)
  await renameSurface(product, LAST, 'changed meanwhile')
  await expect(page.getByText('changed meanwhile')).toHaveCount(1)
  expect(await page.evaluate(() => Reflect.apply(Reflect.get(window, 'find'), window, ['changed meanwhile']))).toBe(
    true,
  )

  await tile(page, LAST).scrollIntoViewIfNeeded()
  await expect(tile(page, LAST).getByRole('button', { name: /^Deploy changed meanwhile ?, production$/ })).toBeVisible()
  await expect(details(page, 'many-0')).toHaveCount(0)
  await renameSurface(product, LAST, 'changed again')
  await expect(tile(page, LAST).getByRole('button', { name: /^Deploy changed again ?, production$/ })).toBeVisible()
})

test('keys, the filter and the palette reach every surface of a large grid with its controls, and paper has all details', async ({
  page,
}) => {
  await page.locator('[data-tile-focus]').first().focus()
  await page.keyboard.press('End')
  const last = page.locator('[data-surface]').last()
  const lastId = (await last.getAttribute('data-surface')) ?? ''
  await expect(page.locator(`[data-tile-focus="${lastId}"]`)).toBeFocused()
  await expect(last).toBeInViewport()
  await expect(details(page, lastId)).toBeVisible()
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowDown')
  await expect(page.locator('[data-surface]').nth(1).locator('[data-tile-focus]')).toBeFocused()

  await page.getByRole('searchbox', { name: 'Filter surfaces' }).fill('many-150')
  await expect(details(page, 'many-150')).toBeVisible()
  await page.getByRole('searchbox', { name: 'Filter surfaces' }).fill('')

  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: /^Find a surface/ }).fill('deploy many-180')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/surface=many-180/)
  await page.keyboard.press('Escape')
  await expect(page.locator('[data-tile-focus="many-180"]')).toBeFocused()
  await expect(details(page, 'many-180')).toBeVisible()

  const all = await page.locator('[data-surface]').count()
  expect(await page.getByRole('link', { name: /^Past deploys of/ }).count()).toBeLessThan(all)
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')))
  expect(await page.locator('[title="Past deploys"]').count()).toBe(all)
  await page.evaluate(() => window.dispatchEvent(new Event('afterprint')))
  await expect(page.locator('[title="Past deploys"]')).not.toHaveCount(all)
})

for (const [view, width] of [
  ['List', 1280],
  ['List', 360],
  ['Tiles', 1280],
] as const) {
  test(`scrolling a large grid moves nothing: ${view}, ${width} px`, async ({ page }) => {
    await page.setViewportSize({ width, height: 740 })
    await page.getByRole('radio', { name: view }).check()
    await expect(details(page, 'many-0')).toHaveCount(1)
    await page.evaluate(() => {
      Reflect.set(window, 'shifted', 0)
      new PerformanceObserver((list) => {
        for (const shift of list.getEntries())
          Reflect.set(window, 'shifted', Reflect.get(window, 'shifted') + Reflect.get(shift, 'value'))
      }).observe({ type: 'layout-shift' })
    })
    for (let turn = 0; turn < 15; turn += 1) {
      await page.mouse.wheel(0, 1_500)
      await page.waitForTimeout(200)
    }
    expect(await page.evaluate(() => window.scrollY)).toBeGreaterThan(5_000)
    expect(await page.evaluate(() => Reflect.get(window, 'shifted'))).toBeLessThanOrEqual(0.02)
  })
}
