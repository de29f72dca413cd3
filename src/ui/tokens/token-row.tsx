'use client'

import { CircleCheck, CircleSlash, Clock } from 'lucide-react'
import type { TokenState, TokenView } from '~/domain/api-token'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { TwoPressButton } from '~/ui/primitives/two-press-button'
import { TimeAgo } from '~/ui/time/time-ago'
import { permissionWords, TOKEN_STATE_WORDS, tokenReachWords } from '~/ui/tokens/token-words'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

const MARKS = {
  active: CircleCheck,
  idle: CircleSlash,
  expired: Clock,
  revoked: CircleSlash,
} as const satisfies Record<TokenState, typeof Clock>

/** One token: its state, its permissions, its last use, and the button that revokes it. */
export function TokenRow({ token, onChanged }: { readonly token: TokenView; readonly onChanged: () => void }) {
  const Mark = MARKS[token.state]
  const active = token.state === 'active'
  const reach = tokenReachWords(token)
  return (
    <li
      data-token={token.label}
      data-state={token.state}
      className="flex flex-wrap items-start gap-x-4 gap-y-1 border-t border-line px-4 py-2.5 text-sm first:border-t-0"
    >
      <div className="min-w-48 flex-1 py-1">
        <p className="flex flex-wrap items-center gap-x-2">
          <span className={`font-medium break-all ${active ? '' : 'text-ink-soft'}`}>
            {token.machine === null ? (
              <ForeignText text={token.label} />
            ) : (
              <>
                Command line on <ForeignText text={token.machine} />
              </>
            )}
          </span>
          <code className="font-mono text-xs text-ink-faint">{token.shown}</code>
          <span className={`inline-flex items-center gap-1 text-xs ${active ? 'text-good' : 'text-ink-faint'}`}>
            <Mark aria-hidden="true" className="size-3.5" />
            {TOKEN_STATE_WORDS[token.state]}
          </span>
        </p>
        <p className="mt-0.5 text-ink-soft">
          {permissionWords(token.permissions)}
          {reach !== null && <> · {reach}</>}
        </p>
        <p className="mt-0.5 text-xs text-ink-faint">
          <span className="break-all">
            <ForeignText text={token.owner} />
          </span>{' '}
          · created <TimeAgo at={token.createdAt} /> ·{' '}
          {token.lastUsedAt === null ? (
            'never used'
          ) : (
            <>
              used <TimeAgo at={token.lastUsedAt} />
            </>
          )}{' '}
          · <End token={token} />
        </p>
      </div>
      {token.revoked === null && <Revoke token={token} onChanged={onChanged} />}
    </li>
  )
}

function End({ token: { revoked, expiresAt, state } }: { readonly token: TokenView }) {
  if (revoked !== null) {
    return (
      <>
        revoked <TimeAgo at={revoked.at} /> by{' '}
        <span className="break-all">
          <ForeignText text={revoked.by} />
        </span>
      </>
    )
  }
  return (
    <>
      {state === 'expired' ? 'expired' : 'expires'} <span className="whitespace-nowrap">{expiresAt.slice(0, 10)}</span>
    </>
  )
}

function Revoke({ token, onChanged }: { readonly token: TokenView; readonly onChanged: () => void }) {
  const revoke = trpc.tokens.revoke.useMutation({ onSettled: onChanged })
  return (
    <TwoPressButton
      word="Revoke"
      name={token.label}
      problem={revoke.isError ? readWireError(revoke.error).message : null}
      pending={revoke.isPending}
      onConfirm={() => revoke.mutate({ id: token.id })}
    />
  )
}
