import { type CDPSession, chromium, type Page } from '@playwright/test'
import type pg from 'pg'
import type { ConsoleUnderTest } from '~test/bench/console-under-test'
import { insertSurfaces } from '~test/bench/fill'
import { percentileOf } from '~test/bench/load'
import { findBrowser } from '~test/support/find-browser'

interface Spread {
  readonly p50: number
  readonly p95: number
}

/** One list, scrolled from its start to its end. */
interface Scrolled {
  /** From one frame to the next. */
  readonly frame: Spread
  /** Processor time of the page's main thread for a frame, multiplied by the slowdown. Nearly free of what else the machine does. */
  readonly work: number
}

/** Milliseconds on a processor that Chrome slows down. */
export interface GridFigures {
  readonly scroll: Scrolled
  /** The same scroll over as many boxes with one word each: what this browser needs on this machine for any list. */
  readonly floor: Scrolled
  /** From a key press until the frame that shows its effect. */
  readonly keys: Spread
}

interface Size {
  readonly surfaces: number
  readonly slowdown: number
  readonly presses: number
}

/** Scrolls a large grid, and moves over it with the keyboard; undefined if there is no browser. */
export async function measureGrid(
  product: ConsoleUnderTest,
  db: pg.Client,
  size: Size,
): Promise<GridFigures | undefined> {
  const executablePath = findBrowser(process.env)
  if (executablePath === undefined) return undefined
  const { surfaces, slowdown, presses } = size
  await insertSurfaces(db, { prefix: 'many-', count: surfaces, archived: false, origin: product.gitHubOrigin })
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const browser = await chromium.launch({ executablePath, args: [...args, '--disable-dev-shm-usage'] })
  try {
    const context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1280, height: 800 } })
    const [name = '', value = ''] = product.cookie.split('=')
    await context.addCookies([{ name, value, url: product.url }])
    await context.addInitScript({ content: 'globalThis.__name = (named) => named' })
    const boxes = await context.newPage()
    await boxes.setContent(`<style>li { height: 44px }</style><ul>${'<li>surface</li>'.repeat(surfaces)}</ul>`)
    const floor = await scroll(boxes, await context.newCDPSession(boxes), slowdown)
    await boxes.close()
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
    return { scroll: await scroll(page, session, slowdown), floor, keys: spreadOf(keys) }
  } finally {
    await browser.close()
  }
}

const spreadOf = (all: readonly number[]): Spread => ({ p50: percentileOf(all, 0.5), p95: percentileOf(all, 0.95) })

/** Scrolls twice: slowed down for the frames, and without for the processor time, which would include the slowing. */
async function scroll(page: Page, session: CDPSession, slowdown: number): Promise<Scrolled> {
  await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown })
  const frame = spreadOf(await framesOf(page))
  await session.send('Emulation.setCPUThrottlingRate', { rate: 1 })
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const taken = async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN
  }
  const before = await taken()
  const frames = await framesOf(page)
  const work = ((await taken()) - before) * 1_000 * (slowdown / frames.length)
  return { frame, work }
}

/** Scrolls to the end by 120 pixels a frame. */
const framesOf = (page: Page) =>
  page.evaluate(
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
