import { expect, type Route } from '@playwright/test'
import { breaches } from '~test/e2e/axe'
import { deploy, expectAtSmokeGate, expectPhases, startDeploy, test, tile } from '~test/e2e/operator'

const gridPoll = '**/api/trpc/surfaces.list*'

test('a dispatch to a busy surface leads to the deploy that holds it, from the refusal and from the review', async ({
  page,
  sandbox,
  context,
}) => {
  await sandbox.pause('Smoke gate')
  // The second operator's grid does not know the first operator's deploy yet.
  const second = await context.newPage()
  await second.goto(page.url())
  await expect(tile(second, 'status-page')).toBeVisible()
  await second.route(gridPoll, (route) => route.abort())
  const dialog = second.getByRole('dialog')
  await startDeploy(second, 'status-page')
  await dialog.getByRole('button', { name: 'Continue' }).click()
  await dialog.getByLabel(/Type .* to deploy/).fill('status-page')

  await deploy(page, 'status-page')
  await expectAtSmokeGate(page)
  const address = page.url()

  await dialog.getByRole('button', { name: 'Deploy', exact: true }).click()
  await expect(dialog.getByRole('alert')).toContainText('already in progress')
  await dialog.getByRole('button', { name: 'Back', exact: true }).click()
  await expect(dialog.locator('[data-warning="busy"]')).toContainText('Blocked.')
  await dialog.getByRole('button', { name: 'Open that deploy' }).click()
  await expect(second).toHaveURL(address)

  await sandbox.resume('Smoke gate')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'done', deploy: 'done', health_check: 'done' })
  await second.close()
})

test('a refused dispatch links to the deploy in progress', async ({ page, sandbox, context }) => {
  await sandbox.pause('Smoke gate')
  const second = await context.newPage()
  await second.goto(page.url())
  const dialog = second.getByRole('dialog')
  await startDeploy(second, 'console-staging')
  await dialog.getByRole('button', { name: 'Continue' }).click()
  await dialog.getByLabel(/Type .* to deploy/).fill('console-staging')
  await deploy(page, 'console-staging')
  await expectAtSmokeGate(page)

  await dialog.getByRole('button', { name: 'Deploy', exact: true }).click()
  await dialog.getByRole('button', { name: 'Open that deploy' }).click()
  await expect(second).toHaveURL(page.url())
  await sandbox.resume('Smoke gate')
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'skipped', deploy: 'done', health_check: 'done' })
  await second.close()
})

test('a step back keeps the chosen ref', async ({ page }) => {
  await tile(page, 'api-prod')
    .getByRole('button', { name: /^Deploy/ })
    .click()
  const dialog = page.getByRole('dialog')
  const field = dialog.getByRole('combobox', { name: 'Ref' })
  await expect(field).toHaveValue('')
  const option = dialog.getByRole('group', { name: 'Tags' }).getByRole('option').first()
  await option.click()
  await dialog.getByRole('button', { name: 'Continue' }).click()
  await dialog.getByRole('button', { name: 'Back', exact: true }).click()
  await dialog.getByRole('button', { name: 'Back', exact: true }).click()
  await expect(field).toBeFocused()
  await expect(field).not.toHaveValue('')
  const chosen = await field.inputValue()
  await expect(dialog.getByRole('button', { name: `Review ${chosen}` })).toBeEnabled()
  // Typed text replaces the chosen ref.
  await page.keyboard.type('main')
  await expect(field).toHaveValue('main')
})

test('a name that does not match is reported after Enter, and spaces around the name are ignored', async ({ page }) => {
  await startDeploy(page, 'customer-docs')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Continue' }).click()
  const field = dialog.getByLabel(/Type .* to deploy/)
  const submit = dialog.getByRole('button', { name: 'Deploy', exact: true })
  await field.fill('customer-doc')
  await expect(dialog).not.toContainText('Does not match')
  await field.press('Enter')
  await expect(dialog).toContainText('Does not match customer-docs')
  await expect(field).toHaveAttribute('aria-invalid', 'true')
  await expect(submit).toBeDisabled()
  await field.fill(' customer-docs ')
  await expect(dialog).not.toContainText('Does not match')
  await submit.click()
  await expectPhases(page, { smoke_gate: 'done', freeze_check: 'done', deploy: 'done', health_check: 'done' })
})

test('once the surface runs another commit, a new review is needed and the input is kept', async ({ page }) => {
  await startDeploy(page, 'customer-docs')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Continue' }).click()
  await dialog.getByLabel(/Type .* to deploy/).fill('customer-docs')
  await dialog.getByLabel('Reason').fill('hotfix')
  // As if another commit had run at the review.
  const withOlderReview = (body: string) => body.replace(/("reviewedRunningSha":")[^"]*/, `$1${'a1'.repeat(20)}`)
  const older = (route: Route) => route.continue({ postData: withOlderReview(route.request().postData() ?? '') })
  await page.route('**/api/trpc/deploys.dispatch*', older, { times: 1 })
  await dialog.getByRole('button', { name: 'Deploy', exact: true }).click()
  await expect(dialog.getByRole('alert')).toContainText(/ran a1a1a1a in the review, and it runs .* now/)
  await dialog.getByRole('button', { name: 'Continue' }).click()
  await expect(dialog.getByLabel(/Type .* to deploy/)).toHaveValue('customer-docs')
  await expect(dialog.getByLabel('Reason')).toHaveValue('hotfix')
})

test('a ref that does not exist is refused at the review, and Enter leads back to choosing a ref', async ({ page }) => {
  await tile(page, 'api-prod')
    .getByRole('button', { name: /^Deploy/ })
    .click()
  const dialog = page.getByRole('dialog')
  const field = dialog.getByRole('combobox', { name: 'Ref' })
  await field.fill('no/such/branch')
  await dialog.getByRole('button', { name: /^Review/ }).click()
  const another = dialog.getByRole('alert').getByRole('button', { name: 'Choose another ref' })
  await expect(another).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(field).toHaveValue('no/such/branch')
})

test.describe('a link that leads to no deploy', () => {
  for (const [what, id, words] of [
    ['an incomplete id', '0193a0c0', 'This link is incomplete or wrong'],
    ['an unknown id', '0193a0c0-0000-7000-8000-000000000001', 'There is no such deploy'],
  ] as const) {
    test(`the page of a link with ${what} names the problem and links to the grid`, async ({ page }) => {
      await page.goto(`${page.url()}?deploy=${id}`)
      const dialog = page.getByRole('dialog', { name: words })
      await dialog.getByRole('button', { name: 'Open the grid' }).click()
      await expect(dialog).toBeHidden()
      await expect(tile(page, 'console')).toBeVisible()
      expect(new URL(page.url()).search).toBe('')
    })
  }
})

test('the palette finds a deploy by its commit and by its id, also if it is not the last of its surface', async ({
  page,
  product,
}) => {
  const ids: string[] = []
  for (const ref of ['v1.4.0', 'main']) {
    await page.goto(`${product.url}/?surface=console-staging&ref=${ref}`)
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await dialog.getByLabel(/^Type/).fill('console-staging')
    await dialog.getByRole('button', { name: /^(Deploy|Roll back)$/ }).click()
    await expect(dialog.locator('[data-status]')).toHaveAttribute('data-status', 'succeeded', { timeout: 60_000 })
    ids.push(new URL(page.url()).searchParams.get('deploy') ?? '')
    await page.keyboard.press('Escape')
  }
  const [older = ''] = ids
  const palette = page.getByRole('dialog', { name: 'Find and act' })
  for (const text of ['v1.4.0', older.slice(0, 30)]) {
    await page.keyboard.press('Control+k')
    await palette.getByRole('combobox').fill(text)
    await palette
      .getByRole('option', { name: /Succeeded: Console staging.*v1\.4\.0/ })
      .first()
      .click()
    await expect(page).toHaveURL(new RegExp(`deploy=${older}`))
    await page.keyboard.press('Escape')
  }
})

test('a lane asks GitHub for the checks of what would be promoted only when they are opened', async ({
  page,
  product,
}) => {
  const asked: string[] = []
  page.on('request', (request) => request.url().includes('surfaces.checks') && asked.push(request.url()))
  await page.goto(`${product.url}/lanes`)
  const lane = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'API' }) })
  await lane.getByRole('button', { name: /^Checks/ }).waitFor()
  expect(asked).toEqual([])
  await lane.getByRole('button', { name: /^Checks/ }).click()
  await expect(lane).toContainText(/Commit [0-9a-f]{7}, which staging runs/)
  await expect(lane.locator('[data-checks]')).toBeVisible()
  expect(await breaches(page)).toEqual([])
  await lane.getByRole('button', { name: /^Hide the checks/ }).click()
  await expect(lane.locator('[data-checks]')).toHaveCount(0)
  expect(asked).toHaveLength(1)
})
