import { expect, type Page } from '@playwright/test'
import { deploy, test } from '~test/e2e/operator'

/** What paper cannot use. A button within a table or list only looks like its text. */
const CONTROLS = 'nav, search, input, select, a[download], main button:not(table button)'

const shownControls = (page: Page) =>
  page
    .locator(CONTROLS)
    .filter({ visible: true })
    .evaluateAll((all) => all.map((one) => one.textContent))

/** What is printed of the times of a page. */
const printedTimes = (page: Page) =>
  page
    .locator('main time[data-exact]')
    .filter({ visible: true })
    .evaluateAll((all) =>
      all.map((one) => [
        one.textContent && getComputedStyle(one, '::after').content,
        one.firstElementChild?.checkVisibility(),
      ]),
    )

test('a printed list, calendar or history has no control, the filter in words, every column and exact times', async ({
  page,
  product,
}) => {
  await deploy(page, 'console-staging')
  await expect(page.getByRole('dialog').locator('[data-status="succeeded"]')).toBeVisible()
  await page.emulateMedia({ media: 'print' })
  // A4, less the margins that browsers leave.
  await page.setViewportSize({ width: 718, height: 1000 })
  for (const [address, row] of [
    ['/deploys', '[data-deploy]'],
    ['/audit', '[data-audit]'],
    ['/calendar', '[data-deploy]'],
    ['/surfaces/console-staging', '[data-deploy]'],
  ] as const) {
    await page.goto(`${product.url}${address}`)
    await expect(page.locator(row).filter({ visible: true }).first()).toBeVisible()
    expect(await shownControls(page), address).toEqual([])
    const times = await printedTimes(page)
    if (address !== '/calendar') expect(times.length).toBeGreaterThan(0)
    for (const [printed, isRelative] of times) {
      expect(printed, address).toMatch(/^"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"$/)
      expect(isRelative, address).toBe(false)
    }
    expect((await page.pdf({ format: 'A4' })).byteLength).toBeGreaterThan(10_000)
  }

  await page.goto(`${product.url}/audit?surface=console-staging`)
  await expect(page.getByText('Only: surface console-staging')).toBeVisible()
  await expect(page.getByRole('columnheader', { name: 'Deploy' })).toBeVisible()
  await page.goto(`${product.url}/deploys`)
  await expect(page.getByText('Everything, without a filter.')).toBeVisible()
  await expect(page.getByRole('columnheader', { name: 'Took' })).toBeVisible()
})
