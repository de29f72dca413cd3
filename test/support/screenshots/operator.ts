import type { Page } from '@playwright/test'

/** What an operator does on the grid and in the modal, by the names and roles they see. */
export function operator(page: Page) {
  const tile = (surface: string) => page.locator(`[data-surface="${surface}"]`)
  const dialog = page.getByRole('dialog')

  return {
    tile,
    dialog,
    openGrid: async (url: string) => {
      await page.goto(url)
      await tile('console').waitFor()
    },
    /** Up to the review of the default ref. */
    review: async (surface: string) => {
      await tile(surface)
        .getByRole('button', { name: /^Deploy/ })
        .click()
      await dialog.getByRole('combobox', { name: 'Ref' }).press('Enter')
      await dialog.getByRole('heading', { name: /Adds|The same commit|Removes|No comparison/ }).waitFor()
    },
    /** Up to the review of the commit before the newest. */
    reviewEarlier: async (surface: string) => {
      await tile(surface)
        .getByRole('button', { name: /^Deploy/ })
        .click()
      const commits = dialog.getByRole('group', { name: 'Recent commits' }).getByRole('option')
      await commits.nth(1).click()
      await dialog.getByRole('heading', { name: /Adds|The same commit|Removes|No comparison/ }).waitFor()
    },
    /** From the review to the dispatched deploy. */
    confirm: async (surface: string, beforeSubmit: () => Promise<void> = async () => {}) => {
      await dialog.getByRole('button', { name: 'Continue' }).click()
      for (const line of await dialog.getByRole('checkbox').all()) await line.check()
      await dialog.getByRole('textbox', { name: /^Type/ }).fill(surface)
      await beforeSubmit()
      await dialog.getByRole('button', { name: /^(Deploy|Roll back)$/ }).click()
      await dialog.locator('[data-status]').waitFor()
    },
    untilStatus: (status: string) => dialog.locator(`[data-status="${status}"]`).waitFor({ timeout: 120_000 }),
    untilPhase: (phase: string, state: string) =>
      dialog.locator(`[data-phase="${phase}"][data-state="${state}"]`).waitFor({ timeout: 120_000 }),
    close: async () => {
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'detached' })
    },
  }
}
