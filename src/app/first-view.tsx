import { headers } from 'next/headers'
import type { ReactNode } from 'react'
import { readPageSession } from '~/server/account/page-member'
import { getDeps } from '~/server/deps'
import { type FirstReads, readFirstAnswers } from '~/server/trpc/first-view'
import { CameWithPage } from '~/ui/first-view/came-with-page'

interface FirstViewProps {
  readonly reads: FirstReads
  readonly children: ReactNode
}

/**
 * Reads what a page shows first, and sends it with the document (docs/adr/067). A window that is open already follows changes, and may know
 * more than an answer under way: it asks for itself.
 */
export async function FirstView({ reads, children }: FirstViewProps) {
  const isDocument = (await headers()).get('accept')?.includes('text/html') ?? false
  const session = isDocument ? await readPageSession() : null
  const answers = session === null ? null : await readFirstAnswers(getDeps(), session.actor, reads)
  return <CameWithPage answers={answers}>{children}</CameWithPage>
}
