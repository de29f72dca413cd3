import { chromium, type Page } from '@playwright/test'
import type pg from 'pg'
import type { ConsoleUnderTest } from '~test/bench/console-under-test'
import { fillDeploys, fillLogs, gridSurface, insertGridSurfaces, settle, storedDeployId } from '~test/bench/fill'
import { percentileOf } from '~test/bench/load'
import { findBrowser } from '~test/support/find-browser'

const SETTLED_MS = 500

/** Milliseconds from a key press until the frame that shows its effect. */
export interface LogFigures {
  /** From Enter on a tile until its deploy's dialog shows the newest line. */
  readonly opens: { readonly p50: number; readonly p95: number }
  /** From the press on "First line" until the first line is shown. */
  readonly first: { readonly p50: number; readonly p95: number }
}

interface Size {
  readonly lines: number
  /** Each deploy is opened once, because a window keeps what it has read. */
  readonly deploys: number
}

/** Opens deploys with long logs from the grid; undefined if there is no browser. */
export async function measureLog(
  product: ConsoleUnderTest,
  db: pg.Client,
  { lines, deploys }: Size,
): Promise<LogFigures | undefined> {
  const executablePath = findBrowser(process.env)
  if (executablePath === undefined) return undefined
  await insertGridSurfaces(db, product.gitHubOrigin)
  await fillDeploys(db, 1, deploys)
  await fillLogs(db, deploys, lines)
  await settle(db)
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const browser = await chromium.launch({ executablePath, args: [...args, '--disable-dev-shm-usage'] })
  try {
    const context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1280, height: 800 } })
    const [name = '', value = ''] = product.cookie.split('=')
    await context.addCookies([{ name, value, url: product.url }])
    await context.addInitScript({ content: 'globalThis.__name = (named) => named' })
    const page = await context.newPage()
    await page.goto(product.url)
    const [opens, first]: [number[], number[]] = [[], []]
    for (let n = 1; n <= deploys; n += 1) {
      const tile = page.locator(`[data-tile-focus="${gridSurface(n)}"]`)
      await tile.focus()
      // The dialog's code arrives after the first use of the page, before a person presses another key.
      await page.waitForTimeout(SETTLED_MS)
      opens.push(await timeOf(page, 'Enter', `Line ${lines} of`))
      await page.getByRole('dialog').getByRole('button', { name: 'First line' }).focus()
      first.push(await timeOf(page, 'Enter', 'Line 1 of'))
      if (new URL(page.url()).searchParams.get('deploy') !== storedDeployId(n))
        throw new Error('Another deploy opened.')
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
    const figures = (all: readonly number[]) => ({ p50: percentileOf(all, 0.5), p95: percentileOf(all, 0.95) })
    return { opens: figures(opens), first: figures(first) }
  } finally {
    await browser.close()
  }
}

/** From the key press until the frame after the one in which the log holds the text. */
async function timeOf(page: Page, key: string, text: string): Promise<number> {
  await page.evaluate((wanted) => {
    const painted = new Promise<number>((resolve) => {
      const onKey = ({ timeStamp }: KeyboardEvent) => {
        const look = () => {
          const log = document.querySelector('[role="dialog"] [role="log"]')
          if (log?.textContent?.includes(wanted) === true) requestAnimationFrame((at) => resolve(at - timeStamp))
          else requestAnimationFrame(look)
        }
        look()
      }
      window.addEventListener('keydown', onKey, { once: true, capture: true })
    })
    Reflect.set(window, 'painted', painted)
  }, text)
  await page.keyboard.press(key)
  return await page.evaluate<number>(() => Reflect.get(window, 'painted'))
}
