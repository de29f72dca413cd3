import type { TRPCLink } from '@trpc/client'
import { observable } from '@trpc/server/observable'
import type { AppRouter } from '~/server/trpc/routers/_app'
import { readWireError } from '~/ui/trpc/wire-error'

/** Asks the person to confirm who they are; true once they did, false when they would rather not. */
export type ProofPrompt = () => Promise<boolean>

let prompt: ProofPrompt | null = null

/** The dialog that asks says here that it is on the page. Gives back how to take that away again. */
export function registerProofPrompt(ask: ProofPrompt): () => void {
  prompt = ask
  return () => {
    if (prompt === ask) prompt = null
  }
}

/** For what does not go through tRPC. False as well where nothing on the page can ask. */
export const askForProof: ProofPrompt = async () => (prompt === null ? false : await prompt())

/**
 * A refusal because the last proof is too old is not the end of a request: the person is asked, and then the very same
 * request is sent again, with its idempotency key. Once: a second refusal is the answer.
 */
export function proofLink(): TRPCLink<AppRouter> {
  return () =>
    ({ op, next }) =>
      observable((observer) => {
        let stopped = false
        const send = (last: boolean) =>
          next(op).subscribe({
            next: (value) => observer.next(value),
            complete: () => observer.complete(),
            error: (error) => {
              const ask = readWireError(error).appCode === 'proof_stale' && !last ? prompt : null
              if (ask === null) return observer.error(error)
              ask().then(
                (proved) => {
                  if (stopped) return
                  if (proved) subscription = send(true)
                  else observer.error(error)
                },
                () => observer.error(error),
              )
            },
          })
        let subscription = send(false)
        return () => {
          stopped = true
          subscription.unsubscribe()
        }
      })
}
