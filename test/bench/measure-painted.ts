import { chromium, type Page } from '@playwright/test'
import type pg from 'pg'
import type { ConsoleUnderTest } from '~test/bench/console-under-test'
import { insertSurfaces } from '~test/bench/fill'
import { percentileOf } from '~test/bench/load'
import { prepareRunning, sendCallback, signCallbacks } from '~test/bench/prepare'
import { findBrowser } from '~test/support/find-browser'

const PAUSE_MS = 400
/** A change that was not painted by then is recorded with this time, and counted in `never`. */
const PATIENCE_MS = 30_000

/** Milliseconds from sending a callback until a browser has painted the change. */
export interface PaintedFigures {
  /** The callback's log line in the open dialog of its deploy. */
  readonly dialog: { readonly p50: number; readonly p95: number }
  /** The step on the surface's tile, with the other tiles on the page. */
  readonly tile: { readonly p50: number; readonly p95: number }
  /** The number of changes that were not painted within 30 s; must be 0. */
  readonly never: number
}

/** Has a browser show a grid and a deploy's dialog while that deploy reports; undefined if there is no browser. */
export async function measurePainted(
  product: ConsoleUnderTest,
  db: pg.Client,
  { surfaces, deploys }: { readonly surfaces: number; readonly deploys: number },
): Promise<PaintedFigures | undefined> {
  const executablePath = findBrowser(process.env)
  if (executablePath === undefined) return undefined
  await insertSurfaces(db, { prefix: 'beside-', count: surfaces, archived: false, origin: product.gitHubOrigin })
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const browser = await chromium.launch({ executablePath, args: [...args, '--disable-dev-shm-usage'] })
  try {
    const context = await browser.newContext({ reducedMotion: 'reduce' })
    const [name = '', value = ''] = product.cookie.split('=')
    await context.addCookies([{ name, value, url: product.url }])
    // tsx calls a helper that names each function, and the functions that run in the page need it there too.
    await context.addInitScript({ content: 'globalThis.__name = (named) => named' })
    const page = await context.newPage()
    const [dialog, tile]: [number[], number[]] = [[], []]
    for (const deploy of await prepareRunning(db, 'painted-', deploys)) {
      await page.goto(`${product.url}/?deploy=${deploy.id}`)
      await page.getByRole('log').waitFor()
      await page.locator(`[data-surface="${deploy.surfaceId}"]`).waitFor({ state: 'attached' })
      for (const request of signCallbacks(product.callbackSecret, deploy)) {
        await page.waitForTimeout(PAUSE_MS)
        const { log_line: line }: { log_line: string } = JSON.parse(request.body ?? '')
        const shown = await watchFor(page, { line, surface: deploy.surfaceId })
        const sentAt = Date.now()
        await sendCallback(product, request)
        dialog.push((await shown('line')) - sentAt)
        // Building and deploying are the same step on a tile.
        if (!line.includes('deploying')) tile.push((await shown('tile')) - sentAt)
      }
    }
    const figures = (all: readonly number[]) => ({ p50: percentileOf(all, 0.5), p95: percentileOf(all, 0.95) })
    const never = [...dialog, ...tile].filter((ms) => ms >= PATIENCE_MS).length
    return { dialog: figures(dialog), tile: figures(tile), never }
  } finally {
    await browser.close()
  }
}

/** Starts to watch before the callback is sent. Each resolves with the time of the frame after the change, or after PATIENCE_MS. */
async function watchFor(page: Page, what: { readonly line: string; readonly surface: string }) {
  const handle = await page.evaluateHandle(({ line, surface }) => {
    const stateOf = () => {
      const tile = document.querySelector<HTMLElement>(`[data-surface="${surface}"]`)
      const phases = [...(tile?.querySelectorAll<HTMLElement>('[data-phase]') ?? [])]
      return [tile?.dataset['running'], ...phases.map((phase) => phase.dataset['state'])].join()
    }
    const painted = (shows: () => boolean) =>
      new Promise<number>((resolve) => {
        new MutationObserver((_, observer) => {
          if (!shows()) return
          observer.disconnect()
          requestAnimationFrame(() => requestAnimationFrame(() => resolve(Date.now())))
        }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true })
      })
    const before = stateOf()
    return {
      line: painted(() => document.querySelector('[role="log"]')?.textContent?.includes(line) === true),
      tile: painted(() => stateOf() !== before),
    }
  }, what)
  return (which: 'line' | 'tile'): Promise<number> => {
    const late = new Promise<number>((resolve) => {
      setTimeout(() => resolve(Date.now()), PATIENCE_MS).unref()
    })
    return Promise.race([handle.evaluate((watched, name) => watched[name], which), late])
  }
}
