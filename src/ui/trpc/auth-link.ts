import type { TRPCLink } from '@trpc/client'
import { observable } from '@trpc/server/observable'
import type { AppRouter } from '~/server/trpc/routers/_app'
import { readWireError } from '~/ui/trpc/wire-error'

/** Refusals that the person in front of the screen can lift: the last proof is too old, or the session is over. */
export type Liftable = 'proof_stale' | 'signed_out'

/** Asks the person; true once the refusal is lifted, false when they would rather not or cannot be asked. */
export type Prompt = () => Promise<boolean>

const prompts = new Map<string, Prompt>()

/** The dialog that asks says here that it is on the page. Gives back how to take that away again. */
export function registerPrompt(refusal: Liftable, ask: Prompt): () => void {
  prompts.set(refusal, ask)
  return () => {
    if (prompts.get(refusal) === ask) prompts.delete(refusal)
  }
}

/** For what does not go through tRPC. False as well where nothing on the page can ask. */
export const askForProof: Prompt = async () => (await prompts.get('proof_stale')?.()) ?? false

/**
 * A refusal that the person can lift is not the end of a request: they are asked, and then the very same request is sent
 * again, with its idempotency key. Once for each kind of refusal: a second one is the answer.
 */
export function authLink(): TRPCLink<AppRouter> {
  return () =>
    ({ op, next }) =>
      observable((observer) => {
        let stopped = false
        const send = (lifted: readonly string[]) =>
          next(op).subscribe({
            next: (value) => observer.next(value),
            complete: () => observer.complete(),
            error: (error) => {
              const code = readWireError(error).appCode ?? ''
              const ask = lifted.includes(code) ? undefined : prompts.get(code)
              if (ask === undefined) return observer.error(error)
              ask().then(
                (mayGoOn) => {
                  if (stopped) return
                  if (mayGoOn) subscription = send([...lifted, code])
                  else observer.error(error)
                },
                () => observer.error(error),
              )
            },
          })
        let subscription = send([])
        return () => {
          stopped = true
          subscription.unsubscribe()
        }
      })
}
