import { GeistMono } from 'geist/font/mono'
import { GeistSans } from 'geist/font/sans'
import type { Metadata, Viewport } from 'next'
import { connection } from 'next/server'
import type { ReactNode } from 'react'
import { TrpcProvider } from '~/ui/trpc/provider'
import './globals.css'

export const metadata: Metadata = {
  title: 'Deploy Console',
  description: 'Deploys a team’s services and sites with GitHub Actions.',
  manifest: '/manifest.webmanifest',
  robots: { index: false, follow: false },
}

export const viewport: Viewport = {
  colorScheme: 'light dark',
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f5f4f1' },
    { media: '(prefers-color-scheme: dark)', color: '#0d0f13' },
  ],
}

/** Pages are rendered per request: each answer's scripts carry a new nonce (src/proxy.ts). */
export default async function RootLayout({ children }: { readonly children: ReactNode }) {
  await connection()
  return (
    <html lang="en" className={`${GeistSans.variable} ${GeistMono.variable}`}>
      <body>
        <TrpcProvider>{children}</TrpcProvider>
      </body>
    </html>
  )
}
