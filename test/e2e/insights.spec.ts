import { expect } from '@playwright/test'
import { deploy, test, tile } from './operator'

test('a deploy to production is counted on /insights, and each count leads to its deploys', async ({
  page,
  product,
}) => {
  await deploy(page, 'status-page')
  await expect(page.getByRole('dialog').locator('[data-status="succeeded"]')).toBeVisible({ timeout: 120_000 })
  const id = new URL(page.url()).searchParams.get('deploy') ?? ''

  await page.goto(`${product.url}/insights?days=7`)
  const frequency = page.getByRole('region', { name: 'Deployment frequency' })
  await expect(frequency.getByRole('img', { name: /^Deployment frequency by day/ })).toBeVisible()
  await frequency.getByText('Table').click()
  await expect(frequency.getByRole('row')).toHaveCount(8)
  await page.getByRole('radio', { name: '30 days' }).check()
  await expect(page).toHaveURL(/days=30/)
  await expect(frequency.getByRole('img', { name: /by week/ })).toBeVisible()
  await page.getByRole('combobox', { name: 'Surface' }).selectOption('status-page')
  await expect(page).toHaveURL(/surface=status-page/)
  await page.setViewportSize({ width: 360, height: 740 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
  await frequency.getByRole('link', { name: /deployments?$/ }).click()
  await expect(page).toHaveURL(/\/deploys\?surface=status-page&measure=deployment&from=/)
  await expect(page.getByLabel('Counted as')).toHaveValue('deployment')
  await expect(page.locator(`a[href*="${id}"]`).first()).toBeVisible()
})

test('an admin creates a badge and a feed, which answer without a session until they are revoked', async ({
  page,
  product,
  playwright,
}) => {
  await page.goto(`${product.url}/surfaces/status-page`)
  await page.getByRole('button', { name: 'Create a badge' }).click()
  const badge = page.locator('[data-embed="badge"]')
  await expect(badge.locator('img')).toBeVisible()
  expect(await badge.locator('img').evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(50)
  await page.getByRole('button', { name: 'Create a feed' }).click()
  const stranger = await playwright.request.newContext()
  for (const [kind, type] of [
    ['badge', 'image/svg+xml'],
    ['feed', 'application/feed+json'],
  ] as const) {
    const row = page.locator(`[data-embed="${kind}"]`)
    const address = await row.locator('.font-mono').innerText()
    const answer = await stranger.get(address)
    expect(answer.status()).toBe(200)
    expect(answer.headers()['content-type']).toContain(type)
    expect(answer.headers()['cross-origin-resource-policy']).toBe('cross-origin')
    await row.getByRole('button', { name: /^Revoke/ }).click()
    await row.getByRole('button', { name: 'Revoke now' }).click()
    await expect(row).toHaveCount(0)
    expect((await stranger.get(address)).status()).toBe(404)
  }
  await stranger.dispose()
})

test('the settings say how the console is set up, and lead to its health', async ({ page, product }) => {
  await expect(tile(page, 'console')).toBeVisible()
  await page.keyboard.press('g')
  await page.keyboard.press('e')
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible()
  await expect(page.getByText('Sandbox: GitHub and the surfaces are local stand-ins.')).toBeVisible()
  await expect(page.getByRole('row', { name: /^AUTH_SECRET Environment, secret/ })).toBeVisible()
  await page.getByRole('link', { name: 'Health' }).first().click()
  await expect(page.getByRole('heading', { level: 1, name: 'Health' })).toBeVisible()
  await expect(page.getByRole('link', { name: 'Settings' })).toHaveAttribute('aria-current', 'page')
  await page.goto(`${product.url}/insights`)
  await expect(page.getByRole('link', { name: 'Insights' })).toHaveAttribute('aria-current', 'page')
})
