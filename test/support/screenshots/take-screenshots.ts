/**
 * Takes the pictures of README and docs from the running product: starts it with its sandbox on an empty data directory,
 * does what an operator does, and writes docs/screens/*.webp (or into the directory that is given).
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Browser, chromium, type Page } from '@playwright/test'
import { findOrInstallBrowser } from '~test/support/find-browser'
import { NEW_PAGE, openCamera } from '~test/support/screenshots/camera'
import {
  ARMED,
  shootArmed,
  shootDeploys,
  shootEvidence,
  shootHeld,
  shootQueue,
  shootRollback,
} from '~test/support/screenshots/of-deploys'
import { shootCalendar, shootPages } from '~test/support/screenshots/of-pages'
import { NEEDS_APPROVAL, shootEntry, shootPeople } from '~test/support/screenshots/of-people'
import { type Product, startProduct } from '~test/support/start-product'

const directory = path.resolve(process.argv[2] ?? 'docs/screens')

const CHECKLIST = 'checklist: [Support knows of this deploy, Nobody else changes the database now]'

/** The sandbox's surfaces: one takes two people, one has a checklist, one is armed. */
function surfacesFile(scratch: string): string {
  const declared = readFileSync('surfaces.yaml', 'utf8')
  const file = path.join(scratch, 'surfaces.yaml')
  const health = `    health_url: \${SANDBOX_URL}/surfaces/${ARMED}/health\n`
  writeFileSync(
    file,
    declared
      .replace(`id: ${NEEDS_APPROVAL}\n`, `id: ${NEEDS_APPROVAL}\n    approval: required\n`)
      .replace('- id: console\n', `- id: console\n    ${CHECKLIST}\n`)
      .replace(health, `${health}    version:\n      json: version\n    rollback: offer\n`),
  )
  return file
}

async function signIn(page: Page, link: string): Promise<void> {
  await page.goto(link)
  await page.getByRole('button', { name: 'Start the sandbox' }).click()
  await page.locator('[data-surface="console"]').waitFor()
}

async function takeAll(browser: Browser, product: Product, scratch: string) {
  const { url } = product
  const page = await browser.newPage(NEW_PAGE)
  await signIn(page, await product.printedLink())
  const camera = await openCamera(page, directory)
  let failed = ''
  const entry: (typeof camera.taken)[number][] = []
  const tours: Readonly<Record<string, () => Promise<void>>> = {
    deploys: async () => {
      failed = await shootDeploys(camera, product)
    },
    queue: () => shootQueue(camera, product),
    pages: () => shootPages(camera, url),
    rollback: () => shootRollback(camera, product),
    held: () => shootHeld(camera, product, failed),
    people: () => shootPeople(camera, product),
    calendar: () => shootCalendar(camera, url),
    armed: () => shootArmed(camera, product),
    evidence: () => shootEvidence(camera, page, failed, scratch),
    entry: async () => void entry.push(...(await shootEntry(browser, product, directory))),
  }
  for (const [name, tour] of Object.entries(tours)) {
    try {
      await tour()
    } catch (error) {
      // The other pictures are not lost.
      process.stdout.write(`${name}: ${error instanceof Error ? error.stack : error}\n`)
      process.exitCode = 1
    }
  }
  return [...camera.taken, ...entry]
}

mkdirSync(directory, { recursive: true })
// A picture of a screen that no longer exists must not stay.
for (const file of readdirSync(directory)) if (file.endsWith('.webp')) rmSync(path.join(directory, file))
const scratch = mkdtempSync(path.join(tmpdir(), 'deploy-console-screenshots-'))
const product = await startProduct({ env: { SURFACES_FILE: surfacesFile(scratch) } })
try {
  if (product.sandboxUrl === undefined) throw new Error('Pictures are taken with the sandbox; this is a real GitHub.')
  const browser = await chromium.launch({
    executablePath: findOrInstallBrowser(process.env, (text) => process.stderr.write(`${text}\n`)),
    args: ['--disable-background-networking', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  })
  try {
    const taken = await takeAll(browser, product, scratch)
    const bytes = taken.reduce((sum, picture) => sum + picture.bytes, 0)
    process.stdout.write(`${taken.length} pictures, ${(bytes / 1e6).toFixed(2)} MB\n`)
  } finally {
    await browser.close()
  }
} finally {
  await product.stop()
  rmSync(scratch, { recursive: true })
}
