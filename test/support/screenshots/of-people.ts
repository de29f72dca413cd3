import type { Browser } from '@playwright/test'
import { ageProofs, makeLink } from '~test/support/product-database'
import { type Camera, NEW_PAGE, openCamera } from '~test/support/screenshots/camera'
import { operator } from '~test/support/screenshots/operator'
import type { Product } from '~test/support/start-product'

/** A surface of the file that the pictures are taken with, which takes two people. */
export const NEEDS_APPROVAL = 'customer-docs'

/** Who may do what: everything that is about people, with something on each page. */
export async function shootPeople(camera: Camera, product: Product): Promise<void> {
  const { page, open, shootEveryWay } = camera
  const { url } = product
  await open(`${url}/people`)
  const form = page.getByRole('form', { name: 'Invite someone' })
  await form.getByLabel('E-mail address').fill('grace@example.com')
  await form.getByLabel('Role').selectOption('approver')
  await form.getByRole('button', { name: 'Create link' }).click()
  await page.getByLabel('The invitation link').waitFor()
  await shootEveryWay('people')

  await open(`${url}/account`)
  await page.getByRole('heading', { name: 'Sessions' }).waitFor()
  await shootEveryWay('account')

  await open(`${url}/tokens`)
  await page.getByLabel(/^Label/).fill('nightly')
  await page.getByLabel('Read deploys and their logs').check()
  await page.getByRole('button', { name: 'Create token' }).click()
  await page.getByRole('button', { name: 'Copy' }).waitFor()
  await shootEveryWay('tokens')

  await shootDevice(camera, url)
  await shootApproval(camera, product)
}

/** A command line that asks to act for the person, whose code was typed. */
async function shootDevice({ page, open, shootEveryWay }: Camera, url: string): Promise<void> {
  const answer = await page.request.post(`${url}/api/device/code`, {
    data: { machine: 'ada@laptop' },
  })
  const { user_code: code } = await answer.json()
  await open(`${url}/device`)
  await page.getByLabel(/^Code in your terminal/).fill(String(code))
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: /^A command line asks/ }).waitFor()
  await shootEveryWay('device')
}

async function shootApproval({ page, open, shootEveryWay }: Camera, product: Product): Promise<void> {
  const { openGrid, review, close, dialog } = operator(page)
  await openGrid(product.url)
  await review(NEEDS_APPROVAL)
  await dialog.getByRole('button', { name: 'Continue' }).click()
  await dialog.getByRole('textbox', { name: /^Type/ }).fill(NEEDS_APPROVAL)
  await ageProofs(product)
  await dialog.getByRole('button', { name: 'Ask for approval' }).click()
  const question = page.getByRole('dialog', { name: 'Confirm your identity' })
  await question.getByRole('button', { name: 'Confirm' }).waitFor()
  await shootEveryWay('confirm-identity')
  await question.getByRole('button', { name: 'Confirm' }).click()
  await dialog.getByText('Waiting for approval by another person').waitFor()
  await dialog.getByRole('heading', { name: 'The commit' }).waitFor()
  await shootEveryWay('approval')
  await close()
  await open(`${product.url}/approvals`)
  await page.locator('[data-approval][data-state="waiting"]').waitFor()
  await shootEveryWay('approvals')
}

/** What somebody sees who is not signed in. */
export async function shootEntry(browser: Browser, product: Product, directory: string): Promise<Camera['taken']> {
  const camera = await openCamera(await browser.newPage(NEW_PAGE), directory)
  await camera.open(`${product.url}/sign-in`)
  await camera.shootEveryWay('sign-in')
  await camera.open(`${product.url}${await makeLink(product, 'invitation')}`)
  await camera.shootEveryWay('invitation')
  return camera.taken
}
