import { type Browser, expect, type Page } from '@playwright/test'
import { deploy, test } from '~test/e2e/operator'
import { ENTRY_PAGES, listPages } from '~test/support/pages'
import type { Product } from '~test/support/start-product'

const SURFACE = 'console-staging'
/** Without a stream, the page asks again after 10 s. */
const BEFORE_A_POLL_MS = 8_000

/** Ships once, so that each page has something to show. Returns the deploy’s id. */
async function shipOnce(page: Page): Promise<string> {
  await deploy(page, SURFACE)
  await expect(page.getByRole('dialog').locator('[data-status="succeeded"]')).toBeVisible()
  return new URL(page.url()).searchParams.get('deploy') ?? ''
}

const openAs = async (browser: Browser, page: Page, options: Parameters<Browser['newContext']>[0]) =>
  (await browser.newContext({ ...options, storageState: await page.context().storageState() })).newPage()

test('the first answer of each page shows its data, before any script runs', async ({ page, product, browser }) => {
  const id = await shipOnce(page)
  const still = await openAs(browser, page, { javaScriptEnabled: false })
  const shown: Record<string, (at: Page) => ReturnType<Page['locator']>> = {
    '/lanes': (at) => at.getByRole('region', { name: /, staging$/ }).first(),
    '/deploys': (at) => at.locator(`[data-deploy="${id}"]`),
    [`/deploys/${id}`]: (at) => at.locator('[data-status="succeeded"]'),
    [`/surfaces/${SURFACE}`]: (at) => at.locator(`[data-deploy="${id}"]`),
    '/calendar': (at) => at.getByLabel('Surface').getByRole('option', { name: /^Console, staging/ }),
    '/freezes': (at) => at.locator('ul[aria-labelledby="current"]').or(at.getByText('No surface is frozen or locked.')),
    '/audit': (at) => at.locator('[data-audit]').first(),
    '/people': (at) => at.getByRole('list', { name: 'Members' }).getByText('operator@'),
  }
  for (const [address, part] of Object.entries(shown)) {
    await still.goto(`${product.url}${address}`)
    await expect(part(still).first(), address).toBeAttached()
    await expect(still.locator('main [aria-busy="true"]'), address).toHaveCount(0)
  }
  await still.context().close()
})

test('no control of any page takes a press before the scripts run, and a page whose scripts do not run says so', async ({
  page,
  product,
  browser,
}) => {
  const id = await shipOnce(page)
  const still = await openAs(browser, page, { javaScriptEnabled: false })
  const entering = await (
    await browser.newContext({ javaScriptEnabled: false, storageState: { cookies: [], origins: [] } })
  ).newPage()
  const live: string[] = []
  let found = 0
  const visit = async (visitor: Page, address: string): Promise<void> => {
    await visitor.goto(`${product.url}${address}`)
    const controls = await visitor
      .locator(':is(button, select, [type="checkbox"], [type="radio"])')
      .evaluateAll((all) =>
        all
          .filter((one) => one.checkVisibility())
          .map((one) => [one.outerHTML, getComputedStyle(one).pointerEvents] as const),
      )
    found += controls.length
    for (const [html, presses] of controls) if (presses !== 'none') live.push(`${address}: ${html.slice(0, 200)}`)
  }
  for (const file of listPages().filter((one) => !ENTRY_PAGES.includes(one))) {
    await visit(still, file.replace('[id]', file.startsWith('/deploys') ? id : SURFACE))
  }
  await visit(entering, '/sign-in')
  await still.goto(`${product.url}/insights`)
  await expect(still.getByRole('alert')).toContainText('its scripts have not run')
  const other = still.getByRole('radio', { checked: false }).first()
  const { x = 0, y = 0, width = 0, height = 0 } = (await other.boundingBox()) ?? {}
  await still.mouse.click(x + width / 2, y + height / 2)
  await expect(other).not.toBeChecked()
  expect(live).toEqual([])
  expect(found).toBeGreaterThan(20)
  for (const visitor of [still, entering]) await visitor.context().close()
})

test('no page differs between the server and a browser that is in another zone and speaks another language', async ({
  page,
  product,
  browser,
}) => {
  const id = await shipOnce(page)
  const far = await openAs(browser, page, { timezoneId: 'Pacific/Kiritimati', locale: 'ar-EG' })
  const wrong: string[] = []
  far.on('pageerror', (error) => wrong.push(`${far.url()}: ${error}`))
  far.on('console', (message) => message.type() === 'error' && wrong.push(`${far.url()}: ${message.text()}`))
  const pages = listPages().filter((file) => !ENTRY_PAGES.includes(file))
  for (const file of pages) {
    const address = file.replace('[id]', file.startsWith('/deploys') ? id : SURFACE)
    await far.goto(`${product.url}${address}`)
    await expect(far.getByRole('heading', { level: 1 })).toBeVisible()
    await expect(far.locator('[aria-busy="true"]')).toHaveCount(0)
  }
  expect(wrong).toEqual([])
  await far.context().close()
})

/** Answers the document as it was before `change`. */
async function openWithChangeBetween(page: Page, url: string, change: () => Promise<void>): Promise<void> {
  await page.route(url, async (route) => {
    const older = await route.fetch()
    await change()
    await route.fulfill({ response: older })
  })
  await page.goto(url)
  await page.unroute(url)
}

async function ask(product: Product, page: Page, procedure: string, input: object): Promise<void> {
  const answer = await page.request.post(`${product.url}/api/trpc/${procedure}`, {
    headers: { origin: product.url },
    data: input,
  })
  expect(answer.status(), await answer.text()).toBe(200)
}

test('a change between the page and its stream is shown, in the window that opens the stream and in another one', async ({
  page,
  product,
}) => {
  const url = `${product.url}/freezes`
  const change = async (reason: string) => {
    await ask(product, page, 'surfaces.unlock', { surfaceId: SURFACE })
    await ask(product, page, 'surfaces.lock', { surfaceId: SURFACE, reason })
  }
  const shows = (at: Page, reason: string) =>
    expect(at.getByRole('list', { name: 'Current and upcoming' })).toContainText(reason, { timeout: BEFORE_A_POLL_MS })
  await ask(product, page, 'surfaces.lock', { surfaceId: SURFACE, reason: 'Before the page' })
  await page.goto('about:blank')
  await openWithChangeBetween(page, url, () => change('After the first page'))
  await shows(page, 'After the first page')

  const other = await page.context().newPage()
  await openWithChangeBetween(other, url, () => change('After the second page'))
  await shows(other, 'After the second page')
  await shows(page, 'After the second page')
  await ask(product, page, 'surfaces.unlock', { surfaceId: SURFACE })
  await other.close()
})
