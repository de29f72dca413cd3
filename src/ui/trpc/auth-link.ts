import type { TRPCLink } from '@trpc/client'
import { observable } from '@trpc/server/observable'
import type { AppRouter } from '~/server/trpc/routers/_app'
import { readWireError } from '~/ui/trpc/wire-error'

/** Refusals that the member can resolve: the last proof of identity is too old, or the session has ended. */
export type Liftable = 'proof_stale' | 'signed_out'

/** Asks the member. True once the refusal is resolved, false if they decline or cannot be asked. */
export type Prompt = () => Promise<boolean>

const prompts = new Map<string, Prompt>()

/** Registers the dialog that asks. Returns a function that unregisters it. */
export function registerPrompt(refusal: Liftable, ask: Prompt): () => void {
  prompts.set(refusal, ask)
  return () => {
    if (prompts.get(refusal) === ask) prompts.delete(refusal)
  }
}

/** For calls outside tRPC. False if no dialog is on the page. */
export const askForProof: Prompt = async () => (await prompts.get('proof_stale')?.()) ?? false

/**
 * After a refusal that the member can resolve, asks them and sends the same request again, with its idempotency key.
 * Once for each kind of refusal: a second one is final.
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
