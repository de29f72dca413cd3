import type { LiveEvent } from '~/domain/surface/live'
import type { TrpcClient } from '~/ui/trpc/client'
import { noteHeard, noteLost, readLiveState } from '~/ui/trpc/live-state'
import { completeEvent } from '~/ui/trpc/older-answers'

/** Messages between the windows: from the window that has the stream to the others, and from a new window to that one. */
type Said =
  | { readonly kind: 'told'; readonly id: string; readonly event: LiveEvent; readonly to?: string }
  | { readonly kind: 'lost' }
  | { readonly kind: 'hello'; readonly from: string }

/** After an error or a refusal. Queries poll in the meantime. */
const RETRY_MS = 10_000
/**
 * After a stream that ended normally, as when the server restarts. Random, so that the windows do not reconnect at
 * once.
 */
const AGAIN_MS = 500

/**
 * Receives changes through one stream for all windows of this browser: the window that has the lock opens the stream
 * and forwards events. Without Web Locks (plain HTTP from another machine) a browser allows only six connections, so each
 * window polls. Returns a function that stops.
 */
export function followChanges(person: string, client: TrpcClient, onEvent: (event: LiveEvent) => void): () => void {
  if (!('locks' in navigator)) return () => undefined
  const stopping = new AbortController()
  const { signal } = stopping
  const name = `deploy-console changes ${person}`
  const channel = new BroadcastChannel(name)
  const ownId = crypto.randomUUID()
  let latest: { readonly id: string; readonly event: LiveEvent } | null = null
  let holds = false

  const hear = (said: Said): void => {
    if (said.kind === 'lost') noteLost()
    else if (said.kind === 'hello') welcome(said.from)
    else if (said.to === undefined || said.to === ownId) {
      latest = said
      noteHeard()
      onEvent(completeEvent(said.event))
    }
  }
  /** The new window's data may be older than the last event. If there is no stream, the new window polls like this one. */
  const welcome = (to: string): void => {
    if (holds && latest !== null && readLiveState().live)
      channel.postMessage({ kind: 'told', to, id: latest.id, event: { ...latest.event, reload: true } })
  }
  channel.onmessage = ({ data }: MessageEvent<Said>) => hear(data)
  const tell = (said: Said): void => {
    hear(said)
    channel.postMessage(said)
  }

  /** Resolves when this window stops following. */
  const hold = () =>
    new Promise<void>((resolve) => {
      holds = true
      let again: ReturnType<typeof setTimeout> | undefined
      let stream: { unsubscribe: () => void } | undefined
      const open = (): void => {
        stream = client.live.watch.subscribe(
          { person, lastEventId: latest?.id ?? null },
          {
            onData: ({ id, data }) => tell({ kind: 'told', id, event: data }),
            // The browser reconnects by itself, and so does tRPC after a silence.
            onConnectionStateChange: ({ state, error }) => {
              if (state === 'connecting' && error !== null) tell({ kind: 'lost' })
            },
            onError: () => later(RETRY_MS),
            onComplete: () => later(AGAIN_MS * (1 + Math.random())),
          },
        )
      }
      const later = (ms: number): void => {
        if (signal.aborted) return
        tell({ kind: 'lost' })
        clearTimeout(again)
        again = setTimeout(open, ms)
      }
      signal.addEventListener('abort', () => {
        clearTimeout(again)
        stream?.unsubscribe()
        resolve()
      })
      open()
    })
  channel.postMessage({ kind: 'hello', from: ownId } satisfies Said)
  navigator.locks.request(name, { signal }, hold).catch(() => undefined)
  return () => {
    stopping.abort()
    channel.close()
    noteLost()
  }
}
