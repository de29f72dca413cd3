import { readdirSync } from 'node:fs'
import path from 'node:path'
import { expect, type Page } from '@playwright/test'
import { deploy, test, tile } from '~test/e2e/operator'

const app = path.resolve(import.meta.dirname, '../../src/app')

/** Every page there is, from the files themselves. */
const PAGES = readdirSync(app, { recursive: true, encoding: 'utf8' })
  .filter((file) => path.basename(file) === 'page.tsx')
  .map((file) => `/${path.dirname(file)}`.replace(/\/\.$/, '/').replace('[id]', 'api-staging'))

declare global {
  interface Window {
    violations: string[]
  }
}

/** From before the first script of every page this one goes to. */
const noteViolations = (page: Page) =>
  page.addInitScript(() => {
    window.violations = []
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sample }) => {
      window.violations.push(`${effectiveDirective} ${blockedURI} ${sample}`)
    })
  })

const violationsOf = (page: Page) => page.evaluate(() => window.violations)

test('no page, dialog or running deploy needs anything that the policy refuses', async ({ page, product }) => {
  await noteViolations(page)
  expect(PAGES).toEqual(expect.arrayContaining(['/', '/audit', '/flags', '/freezes', '/surfaces/api-staging']))
  for (const address of [...PAGES, '/no-such-page']) {
    await page.goto(`${product.url}${address}`)
    // What a page needs its scripts for: all have a heading, and all but the last load something.
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
    expect(await violationsOf(page), address).toEqual([])
  }

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

test.describe('what gets into a page from outside', () => {
  test('neither runs nor loads, and the test above would notice it', async ({ browser, product }) => {
    // A page of its own: here the browser is to report errors.
    const page = await browser.newPage()
    await noteViolations(page)
    await page.goto(product.url)
    await page.evaluate(async () => {
      const holder = document.createElement('div')
      holder.innerHTML =
        '<img src="data:," onerror="window.ran = true"><style>body { display: none }</style><p style="color: red">x</p>' +
        '<img src="https://evil.example/x.png"><iframe src="https://evil.example"></iframe><base href="https://evil.example">'
      document.body.append(holder)
      const script = document.createElement('script')
      script.textContent = 'window.ran = true'
      document.body.append(script)
      await fetch('https://evil.example').catch(() => undefined)
    })
    await expect
      .poll(async () => (await violationsOf(page)).map((violation) => violation.split(' ')[0]))
      .toEqual(
        expect.arrayContaining([
          'script-src-attr',
          'script-src-elem',
          'style-src-elem',
          'style-src-attr',
          'img-src',
          'connect-src',
          'frame-src',
          'base-uri',
        ]),
      )
    expect(await page.evaluate(() => 'ran' in window)).toBe(false)
    await page.close()
  })
})
