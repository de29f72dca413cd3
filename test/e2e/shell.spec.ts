import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, type Locator, type Page } from '@playwright/test'
import type { AxeResults } from 'axe-core'
import { deploy, test, tile } from '~test/e2e/operator'
import { deferred } from '~test/support/deferred'
import { ENTRY_PAGES, listPages } from '~test/support/pages'
import { makeLink } from '~test/support/product-database'

const JAVASCRIPT_BYTES = 200_000
/** The document, its style, two fonts, the icon, the stream, the queries, and what is left for scripts. */
const REQUESTS = { grid: 12, other: 16 }
const LAYOUT_SHIFT = 0.02

const MEMBER_PAGES = listPages()
  .filter((file) => !ENTRY_PAGES.includes(file))
  .map((file) => file.replace('[id]', 'api-staging'))

declare global {
  interface Window {
    shifted: number
  }
}

const countShifts = (page: Page) =>
  page.addInitScript(() => {
    window.shifted = 0
    new PerformanceObserver((list) => {
      for (const shift of list.getEntries()) window.shifted += Reflect.get(shift, 'value')
    }).observe({ type: 'layout-shift', buffered: true })
  })

const untilIdle = (page: Page) => page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve)))

/** What a page loads until it shows everything, before anybody uses it. */
async function loadPage(page: Page, address: string) {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Network.setCacheDisabled', { cacheDisabled: true })
  const scripts = new Set<string>()
  // Distinct ones, because a slow machine polls meanwhile.
  const requests = new Set<string>()
  let bytes = 0
  session.on('Network.requestWillBeSent', ({ request, type, requestId }) => {
    if (!request.url.startsWith('http')) return
    // The page before may have asked until now.
    if (type === 'Document') requests.clear()
    requests.add(new URL(request.url).pathname)
    if (type === 'Script') scripts.add(requestId)
  })
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (scripts.has(requestId)) bytes += encodedDataLength
  })
  await page.goto(address)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
  await untilIdle(page)
  const shifted = await page.evaluate(() => window.shifted)
  await session.detach()
  return { bytes, requests, shifted }
}

test('no page loads more than 200 kB of compressed JavaScript, sends more requests than 12 on the grid and 16 elsewhere, or shifts its layout', async ({
  page,
  product,
  browser,
}) => {
  const entry = await (await browser.newContext({ storageState: { cookies: [], origins: [] } })).newPage()
  for (const one of [page, entry]) await countShifts(one)
  const visits: [Page, string][] = [
    ...['/sign-in', await makeLink(product, 'setup'), await makeLink(product, 'invitation')].map(
      (address): [Page, string] => [entry, address],
    ),
    ...MEMBER_PAGES.map((address): [Page, string] => [page, address]),
  ]
  const over: string[] = []
  const measured: string[] = []
  for (const [visitor, address] of visits) {
    const { bytes, requests, shifted } = await loadPage(visitor, `${product.url}${address}`)
    const said = `${address}: ${bytes} bytes of JavaScript, ${requests.size} requests, shifted by ${shifted.toFixed(3)}`
    measured.push(said)
    if (
      bytes > JAVASCRIPT_BYTES ||
      requests.size > (address === '/' ? REQUESTS.grid : REQUESTS.other) ||
      shifted > LAYOUT_SHIFT
    )
      over.push(said)
  }
  await test.info().attach('measured', { body: measured.join('\n') })
  expect(over).toEqual([])
  await entry.context().close()
})

test('no page shifts its layout on a phone', async ({ page, product }) => {
  await page.setViewportSize({ width: 360, height: 740 })
  await countShifts(page)
  const shifts: Record<string, number> = {}
  for (const address of MEMBER_PAGES) {
    const { shifted } = await loadPage(page, `${product.url}${address}`)
    if (shifted > LAYOUT_SHIFT) shifts[address] = shifted
  }
  expect(shifts).toEqual({})
})

test('fonts that come after the text move nothing', async ({ page, product }) => {
  const held = deferred()
  await countShifts(page)
  await page.route('**/*.woff2', async (route) => {
    await held.promise
    await route.continue()
  })
  await page.goto(`${product.url}/people`, { waitUntil: 'commit' })
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
  held.resolve()
  await page.waitForLoadState('load')
  await page.evaluate(async () => void (await document.fonts.ready))
  await untilIdle(page)
  expect(await page.evaluate(() => window.shifted)).toBeLessThanOrEqual(LAYOUT_SHIFT)
})

/** With the one rule of WCAG 2.2 that axe leaves out by itself. */
const AXE = `axe.run({ rules: { 'target-size': { enabled: true } } })`

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** The rules that the page breaks, each with the elements. Run through the debugger, because the content policy admits no other script. */
async function breaches(page: Page): Promise<readonly string[]> {
  await page.evaluate(axeSource)
  const { violations } = await page.evaluate<AxeResults>(AXE)
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
}

test('axe finds nothing on any page or in any dialog that opens over the grid, WCAG 2.2’s target size included', async ({
  page,
  product,
}) => {
  const found: Record<string, readonly string[]> = {}
  const check = async (name: string) => {
    const broken = await breaches(page)
    if (broken.length > 0) found[name] = broken
  }
  for (const address of MEMBER_PAGES) {
    await page.goto(`${product.url}${address}`)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
    await check(address)
  }
  await page.goto(product.url)
  await expect(tile(page, 'console')).toBeVisible()
  await deploy(page, 'console-staging')
  await expect(page.getByRole('dialog').locator('[data-status="succeeded"]')).toBeVisible()
  await check('ended deploy')
  await page.getByRole('dialog').getByRole('link', { name: 'Open this deploy as a page' }).click()
  await expect(page.getByRole('list', { name: 'Timeline' })).toBeVisible()
  await check('deploy page')
  await page.goto(product.url)
  await expect(tile(page, 'console')).toBeVisible()
  await page.getByRole('button', { name: /^Sandbox operator/ }).click()
  await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible()
  await check('menu')
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible()
  await check('keys')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('option').first()).toBeVisible()
  await check('palette')
  await page.keyboard.press('Escape')
  await page.getByRole('radio', { name: 'List' }).check()
  await check('list')
  await page.getByRole('radio', { name: 'Tiles' }).check()
  await tile(page, 'console')
    .getByRole('button', { name: /^Deploy/ })
    .click()
  await expect(page.getByRole('dialog').getByRole('option').first()).toBeVisible()
  await check('dialog')
  expect(found).toEqual({})
})

test('the keyboard alone finds a surface in the palette and opens its dialog, and keys that are turned off do nothing', async ({
  page,
}) => {
  await expect(tile(page, 'console')).toBeVisible()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: /^Find a surface/ }).fill('deploy console-staging')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/surface=console-staging/)
  await expect(page.getByRole('dialog').getByRole('combobox', { name: 'Ref' })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)

  // A tile has `l` for its lock.
  await page.locator('[data-tile-focus]').first().focus()
  await page.keyboard.press('g')
  await page.keyboard.press('l')
  await expect(page.getByRole('heading', { level: 1, name: 'Lanes' })).toBeVisible()
  await page.keyboard.press('g')
  await page.keyboard.press('u')
  await expect(page.getByRole('heading', { level: 1, name: 'Audit' })).toBeVisible()
  await page.keyboard.press('?')
  await page.getByRole('checkbox', { name: /^Keys without Ctrl/ }).uncheck()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await page.keyboard.press('g')
  await page.keyboard.press('s')
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('dialog')).toBeVisible()
  await expect(page).toHaveURL(/\/audit$/)
})

test('at 360 px the list shows the whole name of each surface, and the header takes one line at every width', async ({
  page,
}) => {
  await page.setViewportSize({ width: 360, height: 740 })
  await page.getByRole('radio', { name: 'List' }).check()
  const names = page.locator('[data-tile-focus]')
  await expect(names.first()).toBeVisible()
  const cut = await names.evaluateAll((all) =>
    all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent),
  )
  expect(cut).toEqual([])
  await page.getByRole('radio', { name: 'Tiles' }).check()
  const topOf = async (one: Locator) => (await one.boundingBox())?.y ?? Number.NaN
  const header = page.getByRole('banner')
  for (const width of [360, 768, 1280]) {
    await page.setViewportSize({ width, height: 740 })
    const title = await topOf(header.getByText('Deploy Console'))
    expect(Math.abs(title - (await topOf(header.getByRole('button', { name: 'Find' })))), `${width} px`).toBeLessThan(
      16,
    )
    const pages = header.getByRole('navigation').getByRole('link')
    if (width === 1280)
      for (const one of await pages.all()) expect(Math.abs(title - (await topOf(one)))).toBeLessThan(16)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
  }
})

test('a chosen theme is in the first answer of every page, and the system decides again when that is chosen', async ({
  page,
  product,
}) => {
  const root = page.locator('html')
  await page.getByRole('button', { name: /^Sandbox operator/ }).click()
  await page.getByRole('radio', { name: 'Dark' }).check()
  await expect(root).toHaveCSS('color-scheme', 'dark')
  expect(await (await page.request.get(`${product.url}/audit`)).text()).toMatch(/<html[^>]* data-theme="dark"/)
  await page.reload()
  await page.getByRole('button', { name: /^Sandbox operator/ }).click()
  await expect(page.getByRole('radio', { name: 'Dark' })).toBeChecked()
  await page.getByRole('radio', { name: 'System' }).check()
  await expect(root).toHaveCSS('color-scheme', 'light dark')
  expect(await (await page.request.get(`${product.url}/audit`)).text()).not.toMatch(/<html[^>]* data-theme/)
})
