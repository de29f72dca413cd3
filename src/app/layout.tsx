import type { Metadata, Viewport } from 'next'
import localFont from 'next/font/local'
import { cookies } from 'next/headers'
import { connection } from 'next/server'
import type { ReactNode } from 'react'
import { ControlsOnceHydrated } from '~/ui/first-view/hydration'
import { readTheme, THEME_COOKIE, themeMark } from '~/ui/preferences/theme'
import { TrpcProvider } from '~/ui/trpc/provider'
import './globals.css'

export const metadata: Metadata = {
  title: 'Deploy Console',
  description: 'Deploys a team’s services and sites with GitHub Actions.',
  manifest: '/manifest.webmanifest',
  robots: { index: false, follow: false },
}

// The files of the package, but without its "swap": a font that comes late would be wider or narrower than what stands there, and move the page.
const sans = localFont({
  src: '../../node_modules/geist/dist/fonts/geist-sans/Geist-Variable.woff2',
  variable: '--font-geist-sans',
  weight: '100 900',
  display: 'optional',
})
const mono = localFont({
  src: '../../node_modules/geist/dist/fonts/geist-mono/GeistMono-Variable.woff2',
  variable: '--font-geist-mono',
  weight: '100 900',
  display: 'optional',
  adjustFontFallback: false,
  fallback: ['ui-monospace', 'SFMono-Regular', 'Menlo', 'Consolas', 'Liberation Mono', 'monospace'],
})

const GROUND = { light: '#f5f4f1', dark: '#0d0f13' } as const

const chosenTheme = async () => themeMark(readTheme((await cookies()).get(THEME_COOKIE)?.value))

export async function generateViewport(): Promise<Viewport> {
  const theme = await chosenTheme()
  if (theme !== undefined) return { colorScheme: theme, themeColor: GROUND[theme] }
  return {
    colorScheme: 'light dark',
    themeColor: [
      { media: '(prefers-color-scheme: light)', color: GROUND.light },
      { media: '(prefers-color-scheme: dark)', color: GROUND.dark },
    ],
  }
}

/** Pages are rendered per request: each answer's scripts carry a new nonce (src/proxy.ts). */
export default async function RootLayout({ children }: { readonly children: ReactNode }) {
  await connection()
  return (
    <html lang="en" data-theme={await chosenTheme()} className={`${sans.variable} ${mono.variable}`}>
      <body>
        <TrpcProvider>
          <ControlsOnceHydrated>{children}</ControlsOnceHydrated>
        </TrpcProvider>
      </body>
    </html>
  )
}
