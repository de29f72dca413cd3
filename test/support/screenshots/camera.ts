import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { CDPSession, Page } from '@playwright/test'
import { z } from 'zod'

const DESKTOP = { width: 1280, height: 800 }
const PHONE = { width: 360, height: 740 }
/** Letters stay sharp, and a picture takes a third of the bytes of a PNG. */
const QUALITY = 72

const captured = z.object({ data: z.string() })

export type Camera = Awaited<ReturnType<typeof openCamera>>

/** Takes pictures of a page into a directory, and counts them. */
export async function openCamera(page: Page, directory: string) {
  const session: CDPSession = await page.context().newCDPSession(page)
  const taken: { readonly name: string; readonly bytes: number }[] = []

  const shoot = async (name: string, clip?: { readonly width: number; readonly height: number }): Promise<void> => {
    // A hovered or fading control is not what the picture is about.
    await page.mouse.move(0, 0)
    await page.evaluate(async () => {
      await document.fonts.ready
      await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined)))
    })
    // Playwright writes PNG and JPEG only.
    const whole = clip === undefined ? {} : { captureBeyondViewport: true, clip: { x: 0, y: 0, ...clip, scale: 1 } }
    const options = { format: 'webp', quality: QUALITY, ...whole } as const
    const picture = Buffer.from(captured.parse(await session.send('Page.captureScreenshot', options)).data, 'base64')
    writeFileSync(path.join(directory, `${name}.webp`), picture)
    taken.push({ name, bytes: picture.length })
    process.stdout.write(`${name}.webp ${Math.round(picture.length / 1000)} kB\n`)
  }
  return {
    page,
    taken,
    shoot,
    /** In the light, in the dark, and at the width of a phone. */
    shootEveryWay: async (name: string): Promise<void> => {
      await shoot(name)
      await page.emulateMedia({ colorScheme: 'dark' })
      await shoot(`${name}-dark`)
      await page.setViewportSize(PHONE)
      await shoot(`${name}-phone`)
      await page.setViewportSize(DESKTOP)
      await page.emulateMedia({ colorScheme: 'light' })
    },
    /** As paper shows the page. */
    shootPrinted: async (name: string): Promise<void> => {
      await page.emulateMedia({ media: 'print' })
      // A4, less the margins that browsers leave.
      await page.setViewportSize({ width: 718, height: 1016 })
      await shoot(name)
      await page.setViewportSize(DESKTOP)
      await page.emulateMedia({ media: null })
    },
    /** Opens a page and waits until it shows everything. */
    open: async (url: string): Promise<void> => {
      await page.goto(url)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' })
    },
  }
}

export const NEW_PAGE = { viewport: DESKTOP, colorScheme: 'light', reducedMotion: 'reduce' } as const
