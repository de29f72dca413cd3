import 'server-only'
import { type DehydratedState, dehydrate, QueryClient } from '@tanstack/react-query'
import { createHydrationHelpers } from '@trpc/react-query/rsc'
import type { Actor } from '~/domain/actor'
import type { Deps } from '~/server/deps'
import { type AppRouter, createCaller } from '~/server/trpc/routers/_app'
import { createContextInner } from '~/server/trpc/routers/procedures'

/** A page waits this long for its data. What is not read by then, the window asks for itself. */
const WAIT_MS = 500

type Procedures = ReturnType<typeof createHydrationHelpers<AppRouter>>['trpc']

/** What a page shows first: the queries of its components, with the same inputs. */
export type FirstReads = (procedures: Procedures) => readonly Promise<void>[]

/** What came with a page: answers of procedures, and when they were read. */
interface FirstAnswers {
  readonly state: DehydratedState
  readonly now: string
}

/**
 * Asks procedures as the member's window would ask them over HTTP, with the same rights. Failed ones are left out: the window asks again
 * and says what went wrong (docs/adr/067).
 */
export async function readFirstAnswers(deps: Deps, actor: Actor, reads: FirstReads): Promise<FirstAnswers> {
  const queries = new QueryClient()
  const { trpc } = createHydrationHelpers<AppRouter>(createCaller(createContextInner(deps, actor)), () => queries)
  const now = deps.now().toISOString()
  await Promise.race([Promise.all(reads(trpc)), deps.pause(WAIT_MS)])
  return { state: dehydrate(queries), now }
}
