import { expect, type Page } from '@playwright/test'
import { startDeploy, test, tile } from '~test/e2e/operator'

const dialogOf = (page: Page) => page.getByRole('dialog', { name: /^Deploy/ })
const question = (page: Page) => page.getByRole('alertdialog', { name: 'Discard this deploy?' })
const nameField = (page: Page) => dialogOf(page).getByLabel(/Type .* to deploy/)
const reasonField = (page: Page) => dialogOf(page).getByLabel(/^Reason/)

/** Goes to the confirmation, with a reason and half of the name typed. */
async function typeDraft(page: Page, surface: string): Promise<void> {
  await startDeploy(page, surface)
  await dialogOf(page).getByRole('button', { name: 'Continue' }).click()
  await reasonField(page).fill('Fixes the outage')
  await nameField(page).fill(surface.slice(0, 3))
}

test('Escape closes a dialog without input at once, and the next dialog starts empty', async ({ page }) => {
  await startDeploy(page, 'api-prod')
  await dialogOf(page).getByRole('button', { name: 'Continue' }).click()
  await page.keyboard.press('Escape')
  await expect(dialogOf(page)).toBeHidden()
  await expect(question(page)).toBeHidden()
  await expect(tile(page, 'api-prod').locator('[data-tile-focus]')).toBeFocused()
  await tile(page, 'api-prod')
    .getByRole('button', { name: /^Deploy/ })
    .click()
  await expect(dialogOf(page).getByRole('combobox', { name: 'Ref' })).toBeFocused()
})

for (const [how, leave] of [
  ['Escape', (page: Page) => page.keyboard.press('Escape')],
  ['a click outside', (page: Page) => page.mouse.click(5, 300)],
  ['the Close button', (page: Page) => dialogOf(page).getByRole('button', { name: 'Close' }).click()],
  ['the browser’s back button', (page: Page) => page.goBack()],
] as const) {
  test(`${how} asks before it discards typed text, and keeps the text if told to`, async ({ page }) => {
    await typeDraft(page, 'api-prod')
    const address = page.url()
    await leave(page)
    await expect(question(page).getByRole('button', { name: 'Keep editing' })).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(question(page)).toBeHidden()
    await expect(reasonField(page)).toHaveValue('Fixes the outage')
    await expect(nameField(page)).toHaveValue('api')
    expect(page.url()).toBe(address)

    await leave(page)
    await expect(question(page).getByRole('button', { name: 'Keep editing' })).toBeFocused()
    await page.keyboard.press('Escape')
    await expect(question(page)).toBeHidden()
    await expect(nameField(page)).toHaveValue('api')

    await leave(page)
    await question(page).getByRole('button', { name: 'Discard' }).click()
    await expect(dialogOf(page)).toBeHidden()
    expect(new URL(page.url()).search).toBe('')
    await startDeploy(page, 'api-prod')
    await dialogOf(page).getByRole('button', { name: 'Continue' }).click()
    await expect(reasonField(page)).toHaveValue('')
  })
}

test('a reload restores the dialog at its step with the input, except for the typed name', async ({ page }) => {
  await typeDraft(page, 'customer-docs')
  await page.reload()
  await expect(dialogOf(page).getByRole('status')).toContainText('Your draft as of')
  await expect(reasonField(page)).toHaveValue('Fixes the outage')
  await expect(nameField(page)).toHaveValue('')
  await nameField(page).fill('customer-docs')
  const sent = page.waitForRequest((request) => request.url().includes('deploys.dispatch'))
  await dialogOf(page).getByRole('button', { name: 'Deploy', exact: true }).click()
  expect((await sent).postDataJSON()).toMatchObject({
    // The ref has its full name once the list of refs is loaded.
    ref: expect.stringMatching(/^(refs\/heads\/)?main$/),
    reason: 'Fixes the outage',
  })
  await expect(page.locator('[data-status]')).toBeVisible()
  // A sent request is no longer a draft.
  expect(await page.evaluate(() => window.sessionStorage.length)).toBe(0)
})

test('a deploy whose answer was lost is retried after a reload with the same idempotency key and stays one deploy', async ({
  page,
}) => {
  await typeDraft(page, 'status-page')
  await nameField(page).fill('status-page')
  const keys: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('deploys.dispatch')) keys.push(request.postDataJSON().idempotencyKey)
  })
  // The request arrives, and its answer is lost.
  await page.route('**/api/trpc/deploys.dispatch*', async (route) => {
    await route.fetch()
    await route.abort()
  })
  await dialogOf(page).getByRole('button', { name: 'Deploy', exact: true }).click()
  await expect(dialogOf(page).getByRole('alert')).toContainText('is unknown')
  await page.unroute('**/api/trpc/deploys.dispatch*')
  await page.reload()
  await expect(dialogOf(page).getByRole('alert')).toContainText('sent before the page was reloaded')
  await expect(reasonField(page)).not.toBeEditable()
  await nameField(page).fill('status-page')
  await dialogOf(page).getByRole('button', { name: 'Retry' }).click()
  await expect(page.locator('[data-status]')).toBeVisible()
  expect(keys).toEqual([keys[0], keys[0]])
})

test('at 360 px and by keyboard alone, the dialog holds the focus, asks before it closes, and returns the focus', async ({
  page,
}) => {
  await page.setViewportSize({ width: 360, height: 740 })
  await tile(page, 'api-staging').locator('[data-tile-focus]').focus()
  await page.keyboard.press('d')
  await expect(dialogOf(page).getByRole('button', { name: 'Review main' })).toBeEnabled()
  await page.keyboard.press('Enter')
  await expect(dialogOf(page).getByRole('button', { name: 'Continue' })).toBeFocused()
  await expect(dialogOf(page).getByRole('button', { name: 'Continue' })).not.toHaveAttribute('aria-disabled', 'true')
  await page.keyboard.press('Enter')
  await expect(nameField(page)).toBeFocused()
  await page.keyboard.type('api')
  for (let tabs = 0; tabs < 12; tabs++) {
    await page.keyboard.press('Tab')
    await expect(dialogOf(page).locator(':focus')).toHaveCount(1)
  }
  await nameField(page).focus()

  await page.keyboard.press('Escape')
  await expect(question(page).getByRole('button', { name: 'Keep editing' })).toBeFocused()
  for (const button of await question(page).getByRole('button').all()) await expect(button).toBeInViewport({ ratio: 1 })
  await page.keyboard.press('Tab')
  await expect(question(page).getByRole('button', { name: 'Discard' })).toBeFocused()
  await page.keyboard.press('Tab')
  await expect(question(page).getByRole('button', { name: 'Keep editing' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(nameField(page)).toBeFocused()

  for (const button of await dialogOf(page).getByRole('button').all()) await expect(button).toBeInViewport({ ratio: 1 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
  await page.keyboard.press('Escape')
  await expect(question(page).getByRole('button', { name: 'Keep editing' })).toBeFocused()
  await page.keyboard.press('Tab')
  await expect(question(page).getByRole('button', { name: 'Discard' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(dialogOf(page)).toBeHidden()
  await expect(tile(page, 'api-staging').locator('[data-tile-focus]')).toBeFocused()
})
