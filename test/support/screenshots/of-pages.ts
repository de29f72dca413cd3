import type { Camera } from '~test/support/screenshots/camera'
import { operator } from '~test/support/screenshots/operator'

/** Lists and settings, with something on each. */
export async function shootPages(camera: Camera, url: string): Promise<void> {
  const { page, open, shootEveryWay, shootPrinted } = camera
  await open(`${url}/lanes`)
  await shootEveryWay('lanes')

  await open(`${url}/deploys`)
  await page.locator('[data-deploy]').first().waitFor()
  await page.getByLabel('Environment').selectOption('staging')
  await page.getByRole('button', { name: 'Save this view' }).click()
  await page.getByLabel('Name of the view').fill('Staging')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('button', { name: 'Remove the view Staging' }).waitFor()
  await shootEveryWay('deploys')
  await shootPrinted('deploys-print')

  for (const [address, name] of [
    ['/surfaces/api-prod/setup', 'surface-setup'],
    ['/flags', 'flags'],
    ['/health', 'health'],
    ['/settings', 'settings'],
  ] as const) {
    await open(`${url}${address}`)
    await shootEveryWay(name)
  }
  await open(`${url}/surfaces/status-page`)
  await page.getByRole('button', { name: /badge/i }).first().click()
  await page.getByRole('button', { name: 'Copy Markdown' }).waitFor()
  await shootEveryWay('surface')
  await shootPrinted('surface-print')
  await open(`${url}/insights`)
  await shootEveryWay('insights')
  await open(`${url}/deliveries`)
  await shootEveryWay('deliveries')
  await open(`${url}/audit`)
  await page.locator('[data-audit] button').first().click()
  await shootEveryWay('audit')
  await shootPrinted('audit-print')
  await page.goto(`${url}/nowhere`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await shootEveryWay('not-found')
}

/** A window that recurs, the calendar with its answer, and the lock of a surface. */
export async function shootCalendar(camera: Camera, url: string): Promise<void> {
  const { page, open, shootEveryWay, shootPrinted } = camera
  await open(`${url}/freezes`)
  const form = page.getByRole('form', { name: 'Add a recurring window' })
  await form.getByLabel('Reason').fill('Weekend: nobody is on call')
  await form.getByText('Fri', { exact: true }).click()
  await form.getByLabel('First day').fill('2026-01-02')
  await form.getByLabel('From').fill('16:00')
  await form.getByLabel('Until').fill('08:00')
  await form.getByLabel('Days later').fill('3')
  await shootEveryWay('freezes')
  await form.getByRole('button', { name: 'Add window' }).click()
  await page.getByRole('list', { name: 'Current and upcoming' }).getByText('Weekend').waitFor()

  await open(`${url}/calendar`)
  await page.getByLabel('Surface').selectOption('api-prod')
  await page.locator('[data-answer]').waitFor()
  await shootEveryWay('calendar')
  await shootPrinted('calendar-print')

  await operator(page).openGrid(url)
  await page.locator('[data-lock="api-prod"]').click()
  await page.getByRole('dialog').getByLabel('Reason').fill('Migrating the database')
  await shootEveryWay('lock')
  await page.getByRole('dialog').getByRole('button', { name: 'Lock', exact: true }).click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
}
