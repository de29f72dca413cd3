import type { LiveEvent } from '~/domain/surface/live'
import type { TrpcClient } from '~/ui/trpc/client'
import { noteHeard, noteLost, readLiveState } from '~/ui/trpc/live-state'

/** What the tab that holds the stream says to the others; and one that has just begun to listen, to that one. */
type Said =
  | { readonly kind: 'told'; readonly id: string; readonly event: LiveEvent; readonly to?: string }
  | { readonly kind: 'lost' }
  | { readonly kind: 'hello'; readonly from: string }

/** After an error or a refusal; queries ask meanwhile. */
const RETRY_MS = 10_000
/** After a stream that ended as it should: a server that restarts. Not all windows at one moment. */
const AGAIN_MS = 500

/**
 * Hears what changes, through one stream for all tabs of this browser: the tab that holds the lock has it, and tells the others.
 * Where a page may hold no lock (over plain HTTP from another machine), a browser allows six connections in all: there each window asks.
 * Gives back how to stop.
 */
export function followChanges(person: string, client: TrpcClient, onEvent: (event: LiveEvent) => void): () => void {
  if (!('locks' in navigator)) return () => undefined
  const stopping = new AbortController()
  const { signal } = stopping
  const name = `deploy-console changes ${person}`
  const channel = new BroadcastChannel(name)
  const tab = crypto.randomUUID()
  let latest: { readonly id: string; readonly event: LiveEvent } | null = null
  let holds = false

  const hear = (said: Said): void => {
    if (said.kind === 'lost') noteLost()
    else if (said.kind === 'hello') welcome(said.from)
    else if (said.to === undefined || said.to === tab) {
      latest = said
      noteHeard()
      onEvent(said.event)
    }
  }
  /** What it read before it listened may be older than what was told in between. Without a stream it has to ask, as this tab does. */
  const welcome = (to: string): void => {
    if (holds && latest !== null && readLiveState().live)
      channel.postMessage({ kind: 'told', to, id: latest.id, event: { ...latest.event, reload: true } })
  }
  channel.onmessage = ({ data }: MessageEvent<Said>) => hear(data)
  const tell = (said: Said): void => {
    hear(said)
    channel.postMessage(said)
  }

  /** Settles when this tab stops following. */
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
            // The browser, or tRPC after a silence, connects again by itself.
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
  channel.postMessage({ kind: 'hello', from: tab } satisfies Said)
  navigator.locks.request(name, { signal }, hold).catch(() => undefined)
  return () => {
    stopping.abort()
    channel.close()
    noteLost()
  }
}
