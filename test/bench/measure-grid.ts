import { chromium } from '@playwright/test'
import type pg from 'pg'
import type { ConsoleUnderTest } from '~test/bench/console-under-test'
import { insertSurfaces } from '~test/bench/fill'
import { percentileOf } from '~test/bench/load'
import { findBrowser } from '~test/support/find-browser'

/** Milliseconds on a processor that Chrome slows down. */
export interface GridFigures {
  /** From one frame to the next while the list scrolls. */
  readonly scroll: { readonly p50: number; readonly p95: number }
  /** From a key press until the frame that shows its effect. */
  readonly keys: { readonly p50: number; readonly p95: number }
}

/** Scrolls a large grid, and moves over it with the keyboard; undefined if there is no browser. */
export async function measureGrid(
  product: ConsoleUnderTest,
  db: pg.Client,
  { surfaces, slowdown, presses }: { readonly surfaces: number; readonly slowdown: number; readonly presses: number },
): Promise<GridFigures | undefined> {
  const executablePath = findBrowser(process.env)
  if (executablePath === undefined) return undefined
  await insertSurfaces(db, { prefix: 'many-', count: surfaces, archived: false, origin: product.gitHubOrigin })
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const browser = await chromium.launch({ executablePath, args: [...args, '--disable-dev-shm-usage'] })
  try {
    const context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1280, height: 800 } })
    const [name = '', value = ''] = product.cookie.split('=')
    await context.addCookies([{ name, value, url: product.url }])
    await context.addInitScript({ content: 'globalThis.__name = (named) => named' })
    const page = await context.newPage()
    await page.goto(product.url)
    const first = page.locator('[data-tile-focus]').first()
    await first.waitFor()
    await first.focus()
    const session = await context.newCDPSession(page)
    await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown })
    const keys: number[] = []
    for (let press = 0; press < presses; press += 1) {
      // The listener is there before the key: the two travel to the page on different ways.
      await page.evaluate(() => {
        const painted = new Promise<number>((resolve) => {
          const onKey = (event: KeyboardEvent) =>
            requestAnimationFrame(() => requestAnimationFrame((at) => resolve(at - event.timeStamp)))
          window.addEventListener('keydown', onKey, { once: true, capture: true })
        })
        Reflect.set(window, 'painted', painted)
      })
      await page.keyboard.press('ArrowDown')
      keys.push(await page.evaluate<number>(() => Reflect.get(window, 'painted')))
    }
    const frames = await page.evaluate(
      () =>
        new Promise<number[]>((resolve) => {
          const found: number[] = []
          let before: number | undefined
          window.scrollTo(0, 0)
          const step = (at: number) => {
            if (before !== undefined) found.push(at - before)
            before = at
            window.scrollBy(0, 120)
            const isAtEnd = window.scrollY + window.innerHeight >= document.documentElement.scrollHeight - 1
            if (isAtEnd || found.length >= 600) resolve(found)
            else requestAnimationFrame(step)
          }
          requestAnimationFrame(step)
        }),
    )
    const figures = (all: readonly number[]) => ({ p50: percentileOf(all, 0.5), p95: percentileOf(all, 0.95) })
    return { scroll: figures(frames), keys: figures(keys) }
  } finally {
    await browser.close()
  }
}
