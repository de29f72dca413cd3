import { expect } from '@playwright/test'
import { test } from '~test/e2e/operator'
import { makeToken } from '~test/e2e/tokens'

test('a token is shown once, works within its permissions, shows its last use, and is refused once revoked', async ({
  page,
  product,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const label = 'reader'
  const secret = await makeToken(page, { label, may: ['Read deploys and their logs'], in: [] })
  await page.getByRole('button', { name: 'Copy' }).click()
  await expect(page.getByText('Copied.')).toBeVisible()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret)
  await page.getByRole('button', { name: 'Done' }).click()

  const call = async (address: string, token = secret) => {
    const answer = await fetch(`${product.url}${address}`, { headers: { authorization: `Bearer ${token}` } })
    const { code } = (await answer.json()) as { code: string }
    return `${answer.status} ${code}`
  }
  const deploy = '/api/internal/deploys/01900000-0000-7000-8000-000000000000'
  expect(await call(deploy)).toBe('404 deploy_unknown')
  expect(await call('/api/audit/export?format=csv')).toBe('403 permission_refused')
  expect(await call(deploy, secret.replace(/.$/, '_'))).toBe('401 token_refused')
  // The screen's own procedures accept sessions only.
  const procedure = await fetch(`${product.url}/api/trpc/surfaces.list`, {
    headers: { authorization: `Bearer ${secret}` },
  })
  expect(procedure.status).toBe(401)

  await page.reload()
  const row = page.locator(`[data-token="${label}"]`)
  await expect(row).toContainText('used')
  await expect(row).not.toContainText('never used')
  await expect(page.locator('body')).not.toContainText(secret)
  await row.getByRole('button', { name: 'Revoke reader' }).click()
  await row.getByRole('button', { name: 'Revoke now' }).click()
  await expect(row).toHaveAttribute('data-state', 'revoked')
  expect(await call(deploy)).toBe('401 token_refused')
})
