import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, type Page } from '@playwright/test'
import { breaches } from '~test/e2e/axe'
import { test as operatorTest, tile } from '~test/e2e/operator'
import { type Product, startProduct } from '~test/support/start-product'

const SURFACES = path.resolve(import.meta.dirname, '../../surfaces.yaml')

/** The sandbox's surfaces, two of them armed. */
function armedSurfaces(): string {
  const modes = { 'console-staging': 'auto', 'api-staging': 'offer' }
  return Object.entries(modes).reduce(
    (text, [id, mode]) => {
      const health = `    health_url: \${SANDBOX_URL}/surfaces/${id}/health\n`
      return text.replace(health, `${health}    version:\n      json: version\n    rollback: ${mode}\n`)
    },
    readFileSync(SURFACES, 'utf8'),
  )
}

const test = operatorTest.extend<object, { readonly product: Product }>({
  product: [
    async ({ browserName: _ }, use) => {
      const directory = mkdtempSync(path.join(tmpdir(), 'deploy-console-armed-'))
      const file = path.join(directory, 'surfaces.yaml')
      writeFileSync(file, armedSurfaces())
      const product = await startProduct({ env: { SURFACES_FILE: file } })
      await use(product)
      await product.stop()
      rmSync(directory, { recursive: true })
    },
    { scope: 'worker', timeout: 120_000 },
  ],
})

const dialog = (page: Page) => page.getByRole('dialog')
const watch = (page: Page) => dialog(page).locator('[data-watch]')
/** The prober looks every ten seconds, and the sample surface is healthy for half a minute. */
const TURNED = { timeout: 90_000 }

/** Reviews the ref, types the name and deploys, until the deploy has ended. */
async function ship(page: Page, url: string, surface: string, ref: string, armed: RegExp): Promise<void> {
  await page.goto(`${url}/?surface=${surface}&ref=${ref}`)
  await expect(dialog(page)).toContainText(armed)
  await dialog(page).getByRole('button', { name: 'Continue' }).click()
  await expect(dialog(page)).toContainText(armed)
  await dialog(page).getByLabel(/^Type/).fill(surface)
  await dialog(page)
    .getByRole('button', { name: /^(Deploy|Roll back)$/ })
    .click()
  await expect(dialog(page).locator('[data-status]')).toHaveAttribute('data-status', 'succeeded', { timeout: 60_000 })
}

/** Ships a version that stays healthy, and then one that turns unhealthy. */
async function shipBadVersion(
  page: Page,
  url: string,
  surface: string,
  turnUnhealthy: () => Promise<void>,
  armed: RegExp,
) {
  await ship(page, url, surface, 'v1.4.0', armed)
  await expect(watch(page)).toHaveAttribute('data-watch', 'watching')
  await turnUnhealthy()
  await ship(page, url, surface, 'main', armed)
  await expect(watch(page)).toHaveAttribute('data-watch', 'watching')
  await expect(watch(page).getByRole('button', { name: 'Stop watching' })).toBeEnabled()
  expect(await breaches(page)).toEqual([])
}

test('a surface that turns unhealthy after a deploy is rolled back by the console, and the deploy, the tile and the lock say so', async ({
  page,
  product: { url },
  sandbox,
}) => {
  const surface = 'console-staging'
  await sandbox.behave(surface, 'quick')
  await expect(tile(page, surface)).toContainText('rolls back by itself if unhealthy within 10 min')
  await shipBadVersion(
    page,
    url,
    surface,
    () => sandbox.behave(surface, 'turn-unhealthy'),
    /Armed: rolls back by itself/,
  )
  const bad = await sandbox.versionOf(surface)

  await expect(watch(page)).toHaveAttribute('data-watch', 'rolling_back', TURNED)
  await expect(watch(page)).toContainText(/The surface turned unhealthy \d+ s after this deploy: answers HTTP 503\./)
  await expect(watch(page)).toContainText(
    /The console started a rollback to [0-9a-f]{7}, healthy until \d\d:\d\d UTC\./,
  )
  await watch(page).getByRole('link', { name: 'Open the rollback' }).click()
  await expect(page.locator('[data-deploy]')).toHaveAttribute('data-status', 'succeeded', { timeout: 60_000 })
  await expect(page.getByRole('complementary', { name: 'Facts' })).toContainText('console:rollback')
  await expect(page.getByRole('complementary', { name: 'Facts' })).toContainText('Rollback to an earlier deploy')
  await expect(page.locator('[data-watch]')).toHaveAttribute('data-watch', 'watching')
  await expect(page.locator('[data-watch]')).toContainText('offers to roll back')
  expect(await sandbox.versionOf(surface)).not.toBe(bad)

  await page.goto(url)
  await expect(tile(page, surface)).toContainText(/A rollback to [0-9a-f]{7} was requested by the console/)
  await page.goto(`${url}/deploys?person=console%3Arollback`)
  await expect(page.getByRole('main')).toContainText('console:rollback')
})

test('a surface that turns unhealthy after a deploy offers the version that was healthy, in one press', async ({
  page,
  product: { url },
  sandbox,
}) => {
  const surface = 'api-staging'
  await sandbox.behave(surface, 'quick')
  await shipBadVersion(
    page,
    url,
    surface,
    () => sandbox.behave(surface, 'turn-unhealthy'),
    /Armed: offers to roll back/,
  )
  await expect(watch(page)).toHaveAttribute('data-watch', 'offered', TURNED)
  await expect(watch(page)).toContainText(/Roll back to [0-9a-f]{7}, healthy until \d\d:\d\d UTC\./)
  await expect(watch(page).getByRole('button', { name: 'Stop watching' })).toBeHidden()
  await expect(dialog(page).getByRole('status')).toContainText('turned unhealthy')
  expect(await breaches(page)).toEqual([])

  await page.keyboard.press('Escape')
  await expect(tile(page, surface)).toContainText(/turned unhealthy \d+ s after this deploy/)
  await tile(page, surface)
    .getByRole('link', { name: /^Return to/ })
    .click()
  await expect(dialog(page)).toContainText('Removes')
  await expect(dialog(page)).toContainText(/Armed: offers to roll back/)
})

test('somebody who stops watching disarms the deploy', async ({ page, product: { url }, sandbox }) => {
  const surface = 'console-staging'
  await sandbox.behave(surface, 'quick')
  await page.goto(url)
  // The lock of an earlier rollback, if there is one.
  await page.request.delete(`${url}/api/internal/surfaces/${surface}/lock`, { headers: { origin: url } })
  await ship(page, url, surface, 'main', /Armed: rolls back by itself/)
  await watch(page).getByRole('button', { name: 'Stop watching' }).click()
  await expect(watch(page)).toHaveAttribute('data-watch', 'disarmed')
  await expect(watch(page)).toContainText('Not armed any more. Somebody stopped watching.')
})
