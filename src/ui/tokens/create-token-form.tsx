'use client'

import { useState } from 'react'
import { changesSomething, TOKEN_DAYS_AT_MOST, type TokenPermission } from '~/domain/api-token'
import { inSentence } from '~/domain/foreign-text'
import { Button } from '~/ui/primitives/button'
import { Choices, FIELD, Field } from '~/ui/primitives/field'
import { Notice } from '~/ui/primitives/notice'
import { ShownOnce } from '~/ui/primitives/shown-once'
import { PERMISSION_WORDS } from '~/ui/tokens/token-words'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

const DAYS = [7, 30, 90, TOKEN_DAYS_AT_MOST] as const

/** Creates a token from the member's own permissions. No permission is preselected. */
export function CreateTokenForm({ onMade }: { readonly onMade: (token: MadeToken) => void }) {
  const [label, setLabel] = useState('')
  const [days, setDays] = useState<number>(30)
  const [permissions, setPermissions] = useState<readonly TokenPermission[]>([])
  const [environments, setEnvironments] = useState<readonly string[]>([])
  const [surfaces, setSurfaces] = useState<readonly string[]>([])
  const choices = trpc.tokens.choices.useQuery()
  const create = trpc.tokens.create.useMutation({
    // The answer contains the token. Pass it on and do not cache it.
    gcTime: 0,
    onSuccess: ({ secret, token }) => {
      for (const clear of [setPermissions, setEnvironments, setSurfaces]) clear([])
      setLabel('')
      create.reset()
      onMade({ label: token.label, secret })
    },
  })
  const offered = choices.data ?? { permissions: [], environments: [], surfaces: [] }
  const changes = permissions.some(changesSomething)
  const within = offered.surfaces.filter(({ environment }) => environments.includes(environment))
  const chosen = surfaces.filter((id) => within.some((surface) => surface.id === id))
  const ready =
    label.trim() !== '' && permissions.length > 0 && (!changes || environments.length > 0) && !create.isPending
  const submit = () => {
    if (!ready) return
    const reach = changes
      ? { environments: [...environments], surfaces: chosen.length === 0 ? null : chosen }
      : { environments: [], surfaces: null }
    create.mutate({ label, permissions: [...permissions], expiresInDays: days, ...reach })
  }
  return (
    <form
      aria-labelledby="make-token"
      className="flex flex-col gap-3 rounded-md border border-line bg-panel p-4"
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <h2 id="make-token" className="text-sm font-semibold">
        Create a token
      </h2>
      <Field id="token-label" label="Label" hint="shown as token:<label>">
        <input
          id="token-label"
          value={label}
          maxLength={60}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setLabel(event.target.value)}
          className={FIELD}
        />
      </Field>
      <Field id="token-days" label="Expires after">
        <select
          id="token-days"
          value={days}
          onChange={(event) => setDays(Number(event.target.value))}
          className={FIELD}
        >
          {DAYS.map((count) => (
            <option key={count} value={count}>
              {count} days
            </option>
          ))}
        </select>
      </Field>
      <Choices
        legend="May"
        options={offered.permissions.map((value) => ({ value, words: PERMISSION_WORDS[value] }))}
        chosen={permissions}
        onChange={setPermissions}
      />
      {changes && (
        <Choices
          legend="In"
          options={offered.environments.map((value) => ({ value, words: value }))}
          chosen={environments}
          onChange={setEnvironments}
        />
      )}
      {changes && environments.includes('production') && (
        <p className="text-xs text-pretty text-warn">
          A token changes production without further confirmation. Grant only what the script needs.
        </p>
      )}
      {changes && within.length > 0 && (
        <Choices
          legend="Only these surfaces"
          hint="all if none is ticked"
          options={within.map(({ id }) => ({ value: id, words: id }))}
          chosen={chosen}
          onChange={setSurfaces}
        />
      )}
      {create.isError && (
        <Notice tone="bad" role="alert">
          {readWireError(create.error).message}
        </Notice>
      )}
      <Button type="submit" tone="strong" className="self-start" disabled={!ready}>
        Create token
      </Button>
    </form>
  )
}

export interface MadeToken {
  readonly label: string
  readonly secret: string
}

const WARNING =
  'Copy the token now. It is shown only once. Anyone who has the token can use its permissions, so keep it in a secret store.'

export function NewToken({ made, onDone }: { readonly made: MadeToken; readonly onDone: () => void }) {
  const title = `Token “${inSentence(made.label)}” created`
  return <ShownOnce title={title} warning={WARNING} label="The new token" secret={made.secret} onDone={onDone} />
}
