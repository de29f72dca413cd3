import { expect, type Page } from '@playwright/test'
import { deploy, test, tile } from '~test/e2e/operator'
import { ENTRY_PAGES, listPages } from '~test/support/pages'
import { makeLink } from '~test/support/product-database'

declare global {
  interface Window {
    violations: string[]
  }
}

/** Records violations from before the first script of every page. */
const noteViolations = (page: Page) =>
  page.addInitScript(() => {
    window.violations = []
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sample }) => {
      window.violations.push(`${effectiveDirective} ${blockedURI} ${sample}`)
    })
  })

const violationsOf = (page: Page) => page.evaluate(() => window.violations)

/** Opens the page, and checks that it did not redirect. */
async function visit(page: Page, origin: string, address: string): Promise<void> {
  await page.goto(`${origin}${address}`)
  // The page is complete: it has a heading, and nothing is loading.
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
  expect(new URL(page.url()).pathname).toBe(address)
  expect(await violationsOf(page), address).toEqual([])
}

test('no page before sign-in breaks the content security policy', async ({ browser, product }) => {
  const page = await (await browser.newContext({ storageState: { cookies: [], origins: [] } })).newPage()
  await noteViolations(page)
  const links = [await makeLink(product, 'setup'), await makeLink(product, 'invitation')]
  const addresses = ['/sign-in', ...links]
  expect(addresses.length, 'one of each kind').toBe(ENTRY_PAGES.length)
  for (const address of addresses) {
    await visit(page, product.url, address)
    // A link that no longer works has no form.
    await expect(page.getByRole('form')).toBeVisible()
  }
  await page.context().close()
})

test('no page, dialog or running deploy breaks the content security policy', async ({ page, product }) => {
  await noteViolations(page)
  const pages = listPages().filter((file) => !ENTRY_PAGES.includes(file))
  expect(pages).toEqual(expect.arrayContaining(['/', '/audit', '/flags', '/freezes', '/surfaces/[id]']))
  for (const file of [...pages, '/no-such-page']) await visit(page, product.url, file.replace('[id]', 'api-staging'))

  await page.goto(product.url)
  await tile(page, 'api-staging')
    .getByRole('button', { name: /^Deploy/ })
    .click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('combobox').click()
  await dialog.getByRole('combobox').fill('ma')
  await expect(page.getByRole('option').first()).toBeVisible()
  await page.keyboard.press('Escape')
  await page.goto(product.url)
  await deploy(page, 'api-staging')
  await expect(page.getByRole('dialog').locator('[data-status]')).toHaveAttribute('data-status', 'succeeded', {
    timeout: 90_000,
  })
  expect(await violationsOf(page)).toEqual([])
})

/** Content that an attacker would inject where text is not escaped. */
const PLANTED = `
  <script>window.ran = 'script'</script>
  <script src="/_next/static/none.js"></script>
  <img src="data:," onerror="window.ran = 'handler'">
  <style>body { display: none }</style>
  <p style="display: none">planted</p>
  <img src="https://evil.example/image.png">
  <iframe src="https://evil.example"></iframe>
  <object data="https://evil.example"></object>
  <form action="https://evil.example"><button id="planted-send">Send</button></form>`

test('injected content neither runs, loads nor sends anything, and is recorded as a violation', async ({
  browser,
  product,
}) => {
  // A separate page, because errors are expected here.
  const page = await browser.newPage()
  await noteViolations(page)
  await page.route(product.url, async (route) => {
    const response = await route.fetch()
    const body = (await response.text()).replace('<head>', '<head><base href="https://evil.example">')
    await route.fulfill({ response, body: body.replace('</body>', `${PLANTED}</body>`) })
  })
  await page.goto(product.url)
  await expect(page.getByText('planted')).toBeVisible()
  await page.locator('#planted-send').evaluate((button: HTMLButtonElement) => button.click())
  await page.evaluate(async () => {
    await fetch('https://evil.example').catch(() => undefined)
  })
  const refused = ['script-src-attr', 'script-src-elem', 'style-src-attr', 'style-src-elem']
  const elsewhere = ['base-uri', 'connect-src', 'form-action', 'frame-src', 'img-src', 'object-src']
  await expect
    .poll(async () => [...new Set((await violationsOf(page)).map((violation) => violation.split(' ')[0]))].toSorted())
    .toEqual([...refused, ...elsewhere].toSorted())
  expect(await page.evaluate(() => 'ran' in window)).toBe(false)
  await page.close()
})
