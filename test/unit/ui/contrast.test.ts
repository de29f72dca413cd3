import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const css = readFileSync(path.resolve(import.meta.dirname, '../../../src/app/globals.css'), 'utf8')

type Colour = readonly [lightness: number, chroma: number, hue: number]

function colourOf(theme: 'light' | 'dark', role: string): Colour {
  const both = new RegExp(`--${role}: light-dark\\(oklch\\(([^)]*)\\), oklch\\(([^)]*)\\)\\)`).exec(css) ?? []
  const values = both[theme === 'light' ? 1 : 2] ?? ''
  const [lightness = 0, chroma = 0, hue = 0] = values.split(' ').map(Number)
  return [lightness, chroma, hue]
}

/** Relative luminance (WCAG 2.2) of a colour in OKLCH (CSS Color 4, 9.3), clipped to sRGB. */
function luminance([lightness, chroma, hue]: Colour): number {
  const angle = (hue * Math.PI) / 180
  const [a, b] = [chroma * Math.cos(angle), chroma * Math.sin(angle)]
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  const clip = (value: number) => Math.min(1, Math.max(0, value))
  const red = clip(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s)
  const green = clip(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s)
  const blue = clip(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s)
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one: Colour, other: Colour): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].toSorted((x, y) => x - y)
  return (lighter + 0.05) / (darker + 0.05)
}

describe.each(['light', 'dark'] as const)('the contrast of the %s theme', (theme) => {
  it.each(['ink', 'ink-faint', 'accent', 'good', 'bad', 'warn', 'magenta', 'cyan'])(
    'of %s is at least 4.5 on the log and on every background',
    (role) => {
      for (const ground of ['well', 'panel', 'ground']) {
        const ratio = contrast(colourOf(theme, role), colourOf(theme, ground))
        expect(ratio, `${role} on ${ground}`).toBeGreaterThanOrEqual(4.5)
      }
    },
  )
})
