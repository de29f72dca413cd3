import { expect, type Page } from '@playwright/test'

/** Creates an API token as its owner does, starting at the menu, and returns the secret. */
export async function makeToken(
  page: Page,
  token: { readonly label: string; readonly may: readonly string[]; readonly in: readonly string[] },
): Promise<string> {
  await page.getByRole('button', { name: 'admin' }).click()
  await page.getByRole('link', { name: 'API tokens' }).click()
  const form = page.getByRole('form', { name: 'Create a token' })
  await form.getByLabel('Label').fill(token.label)
  for (const name of [...token.may, ...token.in]) await form.getByLabel(name, { exact: true }).check()
  await form.getByRole('button', { name: 'Create token' }).click()
  const field = page.getByLabel('The new token')
  await expect(field).toHaveValue(/^dc_/)
  return field.inputValue()
}
