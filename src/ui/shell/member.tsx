'use client'

import { createContext, type ReactNode, useContext } from 'react'
import { may } from '~/domain/actor'
import type { MemberView, PageMember } from '~/domain/member'
import type { Permission } from '~/domain/permissions'
import { ConfirmIdentity } from '~/ui/auth/proof/confirm-identity'
import { SignInDialog } from '~/ui/auth/sign-in/sign-in-dialog'
import { useTypingAsActivity } from '~/ui/auth/typed-input'
import { Live } from '~/ui/live/live'
import { useRawCopy } from '~/ui/primitives/use-raw-copy'
import { usePagePerson } from '~/ui/trpc/page-person'

const Member = createContext<MemberView | null>(null)

/** The page below is shown to this member; the server found out who it is. */
export function SignedIn({ member, children }: { readonly member: PageMember; readonly children: ReactNode }) {
  usePagePerson(member.email)
  useTypingAsActivity()
  useRawCopy()
  return (
    <Member value={member}>
      <Live person={member.email}>{children}</Live>
      <ConfirmIdentity />
      <SignInDialog email={member.email} providers={member.providers} />
    </Member>
  )
}

export const useMember = (): MemberView | null => useContext(Member)

/**
 * Null when the member may; else why not, for beside what is disabled. The screen only says so: the server decides.
 */
export function useRefusal(permission: Permission, environment?: string): string | null {
  const member = useMember()
  if (member === null) return null
  if (!may({ role: member.role, permissions: null }, permission))
    return `Your role, ${member.role}, does not allow this.`
  if (environment === undefined || member.environments === null || member.environments.includes(environment))
    return null
  return `Your access is limited to ${member.environments.join(', ')}.`
}
