'use client'

import { createContext, type ReactNode, useContext, useEffect } from 'react'
import { may } from '~/domain/actor'
import type { MemberView, PageMember } from '~/domain/member'
import type { Permission } from '~/domain/permissions'
import { ConfirmIdentity, SignInOver } from '~/ui/auth/prompts'
import { useTypingAsActivity } from '~/ui/auth/typed-input'
import { Live } from '~/ui/live/live'
import { FollowApprovals } from '~/ui/shell/approval-count'
import { Commands } from '~/ui/shell/commands'
import { usePagePerson } from '~/ui/trpc/client'

const Member = createContext<PageMember | null>(null)

/** Provides the signed-in member, whom the server identified, to the page below. */
export function SignedIn({ member, children }: { readonly member: PageMember; readonly children: ReactNode }) {
  usePagePerson(member.email)
  useTypingAsActivity()
  useRawCopy()
  return (
    <Member value={member}>
      <Live person={member.email}>
        <FollowApprovals member={member}>
          <Commands member={member}>{children}</Commands>
        </FollowApprovals>
      </Live>
      <ConfirmIdentity />
      <SignInOver email={member.email} providers={member.providers} />
    </Member>
  )
}

export const useMember = (): MemberView | null => useContext(Member)

export const useSandboxUrl = (): string | null => useContext(Member)?.sandboxUrl ?? null

/** Why the member may not do this, for the tooltip of a disabled button; null if they may. The server decides again. */
export function useRefusal(permission: Permission, environment?: string): string | null {
  const member = useMember()
  if (member === null) return null
  if (!may({ role: member.role, permissions: null }, permission))
    return `Your role, ${member.role}, does not allow this.`
  if (environment === undefined || member.environments === null || member.environments.includes(environment))
    return null
  return `Your access is limited to ${member.environments.join(', ')}.`
}

/** Copying foreign text gives the original, without placeholders. Copying a part gives the visible text. */
function useRawCopy(): void {
  useEffect(() => {
    document.addEventListener('copy', copyRaw)
    return () => document.removeEventListener('copy', copyRaw)
  }, [])
}

function copyRaw(event: ClipboardEvent): void {
  const selection = document.getSelection()
  const inField = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement
  if (selection === null || inField || event.clipboardData === null) return
  const foreign = [...document.querySelectorAll<HTMLElement>('[data-raw]')]
    .filter((element) => selection.containsNode(element, true))
    .map((element) => ({ shown: element.innerText, raw: element.dataset['raw'] ?? '' }))
  if (foreign.length === 0) return
  event.clipboardData.setData('text/plain', withRaw(selection.toString(), foreign))
  event.preventDefault()
}

/** Replaces each displayed part with its original text. An incomplete part stays as displayed. */
export function withRaw(text: string, foreign: readonly { readonly shown: string; readonly raw: string }[]): string {
  let copied = ''
  let rest = text
  for (const { shown, raw } of foreign) {
    const at = rest.indexOf(shown)
    if (shown === '' || at < 0) continue
    copied += rest.slice(0, at) + raw
    rest = rest.slice(at + shown.length)
  }
  return copied + rest
}
