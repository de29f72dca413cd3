'use client'

import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import type { EmbedKind, EmbedView } from '~/domain/embed'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { Notice } from '~/ui/primitives/notice'
import { TwoPressButton } from '~/ui/primitives/two-press-button'
import { TimeAgo } from '~/ui/time/time-ago'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface EmbedSectionProps {
  /** Null: feeds of all surfaces. */
  readonly surfaceId: string | null
  /** The name in the Markdown of a badge. */
  readonly name: string
}

/** The signed addresses of a badge or feed, for admins: create, copy, revoke. */
export function EmbedSection({ surfaceId, name }: EmbedSectionProps) {
  const list = trpc.embeds.list.useQuery({ surfaceId })
  const create = trpc.embeds.create.useMutation({ onSettled: () => list.refetch() })
  const add = (kind: EmbedKind) => create.mutate({ kind, surfaceId })
  const embeds = list.data ?? []
  const problem = create.error ?? list.error
  return (
    <section aria-labelledby="embeds" className="mt-6 print:hidden">
      <h2 id="embeds" className="mb-1.5 text-sm font-semibold">
        {surfaceId === null ? 'Feed of all surfaces' : 'Badge and feed'}
      </h2>
      <p className="mb-2.5 max-w-prose text-sm text-pretty text-ink-soft">
        {surfaceId === null
          ? 'The feed lists the last deploys that ended, of every surface, for dashboards.'
          : 'The badge shows health and version as a picture. The feed lists the last deploys that ended, for dashboards.'}{' '}
        An address shows this without signing in, until you revoke it. It names no people, refs or messages.
      </p>
      {problem !== null && (
        <div className="mb-2.5">
          <Notice tone="bad" role="alert">
            {readWireError(problem).message}
          </Notice>
        </div>
      )}
      {embeds.length > 0 && (
        <ul aria-labelledby="embeds" className="mb-2.5 rounded-md border border-line bg-panel">
          {embeds.map((embed) => (
            <EmbedRow key={embed.id} embed={embed} name={name} onChanged={() => void list.refetch()} />
          ))}
        </ul>
      )}
      <p className="flex flex-wrap gap-2">
        {surfaceId !== null && (
          <Button disabled={create.isPending} onClick={() => add('badge')}>
            Create a badge
          </Button>
        )}
        <Button disabled={create.isPending} onClick={() => add('feed')}>
          Create a feed
        </Button>
      </p>
    </section>
  )
}

interface EmbedRowProps {
  readonly embed: EmbedView
  readonly name: string
  readonly onChanged: () => void
}

/** The content policy admits pictures of this origin alone, and CONSOLE_URL may be another name of it. */
const pathOf = (address: string): string => {
  const { pathname, search } = new URL(address)
  return pathname + search
}

const NOUNS = { badge: 'Badge', feed: 'Feed' } as const satisfies Record<EmbedKind, string>

function EmbedRow({ embed: { id, kind, address, createdBy, createdAt }, name, onChanged }: EmbedRowProps) {
  return (
    <li
      data-embed={kind}
      className="flex flex-wrap items-start gap-x-4 gap-y-2 border-t border-line px-4 py-2.5 text-sm first:border-t-0"
    >
      <div className="min-w-0 flex-1 basis-64">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="font-medium">{NOUNS[kind]}</span>
          {/* biome-ignore lint/performance/noImgElement: a small SVG that changes, which nothing should optimise or keep */}
          {kind === 'badge' && <img src={pathOf(address)} alt="" className="h-5" />}
        </p>
        <p className="mt-1 font-mono text-xs break-all text-ink-soft">{address}</p>
        <p className="mt-1 text-xs text-ink-faint">
          created by <ForeignText text={createdBy} /> <TimeAgo at={createdAt} />
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        {kind === 'badge' && <CopyButton words="Copy Markdown" text={badgeMarkdown(name, address)} />}
        <CopyButton words="Copy address" text={address} />
        <RevokeEmbed id={id} noun={NOUNS[kind]} onChanged={onChanged} />
      </div>
    </li>
  )
}

/** Characters that could end the text of a Markdown image are left out of the name. */
export const badgeMarkdown = (name: string, address: string): string =>
  `![${name.replaceAll(/[\p{C}[\]\\()<>`!*_]/gu, '')}](${address})`

function CopyButton({ words, text }: { readonly words: string; readonly text: string }) {
  const [copied, setCopied] = useState<'not_yet' | 'done' | 'refused'>('not_yet')
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied('done')
    } catch {
      setCopied('refused')
    }
  }
  const Mark = copied === 'done' ? Check : Copy
  return (
    <>
      <Button onClick={() => void copy()}>
        <Mark aria-hidden="true" className="size-3.5" />
        {words}
      </Button>
      <span role="status" className={copied === 'refused' ? 'self-center text-xs text-ink-soft' : 'sr-only'}>
        {copied === 'done' && 'Copied.'}
        {copied === 'refused' && 'The browser refused to copy. Select the address and copy it.'}
      </span>
    </>
  )
}

interface RevokeEmbedProps {
  readonly id: string
  readonly noun: string
  readonly onChanged: () => void
}

function RevokeEmbed({ id, noun, onChanged }: RevokeEmbedProps) {
  const revoke = trpc.embeds.revoke.useMutation({ onSettled: onChanged })
  return (
    <TwoPressButton
      word="Revoke"
      name={noun}
      problem={revoke.isError ? readWireError(revoke.error).message : null}
      pending={revoke.isPending}
      onConfirm={() => revoke.mutate({ id })}
    />
  )
}
