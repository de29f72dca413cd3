import { expect, type Page } from '@playwright/test'
import { deploy, expectPhases, test, tile } from '~test/e2e/operator'

const goTo = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click()

async function freezeProduction(page: Page, reason: string): Promise<void> {
  await goTo(page, 'Freezes')
  await page.getByRole('form', { name: 'Freeze an environment' }).getByLabel('Reason').fill(reason)
  await page.getByRole('button', { name: 'Freeze production' }).click()
  await expect(page.getByRole('list', { name: 'Current and upcoming' })).toContainText(reason)
  await goTo(page, 'Surfaces')
}

/** Lifts or unlocks the freeze in force, as an operator does. */
async function lift(page: Page, word: 'Lift' | 'Unlock'): Promise<void> {
  await goTo(page, 'Freezes')
  await page.getByRole('button', { name: new RegExp(`^${word} `) }).click()
  await page.getByRole('button', { name: `${word} now` }).click()
  await expect(page.getByText('No surface is frozen or locked.')).toBeVisible()
  await goTo(page, 'Surfaces')
}

async function reviewMain(page: Page, surface: string) {
  await tile(page, surface)
    .getByRole('button', { name: /^Deploy/ })
    .click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Review main' }).click()
  return dialog
}

test('a freeze blocks a production deploy at the review, admits an override with a reason, and does not affect staging', async ({
  page,
}) => {
  await freezeProduction(page, 'Release week')
  await expect(page.getByRole('region', { name: 'Freeze' })).toContainText('Production is frozen')
  await expect(page.getByRole('region', { name: 'Freeze' })).toContainText('Release week')
  await expect(tile(page, 'customer-docs')).toContainText('Release week')
  await expect(tile(page, 'api-staging')).not.toContainText('Release week')

  await deploy(page, 'api-staging')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'skipped', deploy: 'done', health_check: 'done' })
  await page.keyboard.press('Escape')

  const dialog = await reviewMain(page, 'customer-docs')
  await expect(dialog.locator('[data-warning="frozen"]')).toContainText('Release week')
  await expect(dialog.getByRole('button', { name: 'Cannot be deployed now' })).toHaveAttribute('aria-disabled', 'true')
  await dialog.getByLabel(/^Override it/).fill('Fixes the outage')
  await dialog.getByRole('button', { name: 'Override and continue' }).click()
  await expect(dialog).toContainText('Overrides the freeze')
  await dialog.getByLabel(/Type .* to deploy/).fill('customer-docs')
  await dialog.getByRole('button', { name: 'Deploy', exact: true }).click()
  // The workflow's own freeze check asked the console, and the override applied to this deploy.
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'done', deploy: 'done', health_check: 'done' })
  await expect(dialog.getByRole('log')).toContainText(
    'Frozen (Release week), and overridden for this deploy: Fixes the outage',
  )
  await expect(dialog).toContainText('Freeze overridden: “Fixes the outage”')
  await dialog.getByRole('button', { name: 'Done', exact: true }).click()
  await lift(page, 'Lift')
  await expect(page.getByRole('region', { name: 'Freeze' })).toContainText('Production is not frozen by this console')
})

test('a locked surface shows the lock on its tile and warns its holder at the review, until it is unlocked', async ({
  page,
}) => {
  await goTo(page, 'Freezes')
  const form = page.getByRole('form', { name: 'Lock a surface' })
  await form.getByLabel('Surface').selectOption('api-staging')
  await form.getByLabel('Reason').fill('Being migrated')
  await form.getByRole('button', { name: 'Lock' }).click()
  await expect(page.getByRole('list', { name: 'Current and upcoming' })).toContainText('Being migrated')
  await goTo(page, 'Surfaces')

  await expect(tile(page, 'api-staging')).toContainText('Being migrated')
  const dialog = await reviewMain(page, 'api-staging')
  await expect(dialog.locator('[data-warning="locked"][data-blocking="false"]')).toContainText('Being migrated')
  await page.keyboard.press('Escape')
  await lift(page, 'Unlock')
  await expect(tile(page, 'api-staging')).not.toContainText('Being migrated')
})

test('a window that recurs is added, shown in the calendar by keys, answered for, and lifted', async ({ page }) => {
  await goTo(page, 'Freezes')
  const form = page.getByRole('form', { name: 'Add a recurring window' })
  await form.getByLabel('Reason').fill('Nobody is on call')
  await form.getByLabel('Repeats').selectOption('daily')
  await form.getByLabel('First day').fill('2026-01-01')
  await form.getByLabel('From').fill('00:00')
  await form.getByLabel('Until').fill('00:00')
  await form.getByRole('button', { name: 'Add window' }).click()
  await expect(page.getByRole('list', { name: 'Current and upcoming' })).toContainText('every day at 00:00 for 1 d')

  await goTo(page, 'Calendar')
  await page.getByRole('region', { name: 'May I deploy?' }).getByLabel('Surface').selectOption('api-prod')
  await expect(page.locator('[data-answer="no"]')).toContainText('Nobody is on call')
  const today = page.locator('[data-day][aria-current="date"]')
  await expect(today).toHaveAccessibleName(/freeze/)
  await today.press('ArrowRight')
  await expect(page.locator('[data-day]:focus')).toHaveAttribute('aria-pressed', 'true')
  await expect(page.locator('[data-day]:focus')).toHaveAccessibleName(/1 freeze/)
  await goTo(page, 'Surfaces')
  await lift(page, 'Lift')
})
