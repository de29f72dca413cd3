'use client'

import { useState } from 'react'
import type { AccountView } from '~/domain/account'
import { AccountSection } from '~/ui/account/account-section'
import { environmentWords } from '~/ui/members/limits-fields'
import { Button } from '~/ui/primitives/button'
import { FIELD, Field, tiedTo } from '~/ui/primitives/field'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { useMember } from '~/ui/shell/member'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface NameFormProps {
  readonly account: AccountView
  readonly onChanged: () => void
}

/** A member chooses the name. The e-mail address identifies the member in the audit trail and cannot change. */
export function NameForm({ account, onChanged }: NameFormProps) {
  const member = useMember()
  const [name, setName] = useState(account.name)
  const rename = trpc.account.rename.useMutation({ onSuccess: onChanged })
  const changed = name.trim() !== '' && name.trim() !== account.name
  return (
    <AccountSection
      id="you"
      title="You"
      about="The audit trail identifies you by your e-mail address, which cannot change."
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          if (changed && !rename.isPending) rename.mutate({ name })
        }}
      >
        <p className="text-sm">
          <span className="block break-all">
            <ForeignText text={account.email} />
          </span>
          {member !== null && (
            <span className="block text-xs text-ink-soft">
              {member.role}, {environmentWords(member.environments)}
            </span>
          )}
        </p>
        <div className="flex items-end gap-2">
          <Field id="name" label="Name" className="min-w-0 flex-1">
            <input
              id="name"
              autoComplete="name"
              maxLength={100}
              {...tiedTo(rename.isError ? 'name-refusal' : null)}
              value={name}
              onChange={(event) => setName(event.target.value)}
              className={FIELD}
            />
          </Field>
          <Button type="submit" className="mb-0.5" disabled={!changed || rename.isPending}>
            Save
          </Button>
        </div>
        {rename.isError && (
          <p id="name-refusal" role="alert" className="text-sm text-bad">
            {readWireError(rename.error).message}
          </p>
        )}
      </form>
    </AccountSection>
  )
}
