'use client'

import { Menu } from '@base-ui/react/menu'
import { ChevronDown } from 'lucide-react'
import { useState } from 'react'
import { postAuth } from '~/ui/auth/ask-auth'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { PageLink } from '~/ui/primitives/links'
import { useMember, useRefusal } from '~/ui/shell/member'

const ITEM =
  'block w-full cursor-pointer rounded-[4px] px-2.5 py-1.5 text-left text-sm outline-none data-highlighted:bg-well'

/** The signed-in member, their role, and sign-out. */
export function UserMenu() {
  const member = useMember()
  const [failed, setFailed] = useState<string | null>(null)
  const managesTokens = useRefusal('token.manage') === null
  if (member === null) return null
  const signOut = async () => {
    const answer = await postAuth('/sign-out', {})
    if (!answer.ok) return setFailed(answer.message)
    // Discard the member's drafts.
    window.sessionStorage.clear()
    window.location.assign('/sign-in')
  }
  return (
    <Menu.Root>
      <Menu.Trigger className="inline-flex h-8 max-w-40 min-w-0 items-center sm:max-w-56 gap-1 rounded-[5px] px-2 text-sm hover:bg-well">
        <span className="truncate font-medium">
          <ForeignText text={member.name} />
        </span>
        <span className="text-ink-soft max-sm:sr-only">{member.role}</span>
        <ChevronDown aria-hidden="true" className="size-3.5 shrink-0 text-ink-faint" />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner align="end" sideOffset={4} className="z-20">
          <Menu.Popup className="w-64 rounded-md border border-line bg-panel p-1 shadow-lg outline-none">
            <p className="border-b border-line px-2.5 pt-1 pb-2 text-xs text-ink-soft">
              <span className="block truncate">
                <ForeignText text={member.email} />
              </span>
              <span className="block text-ink-faint">
                {member.role}, {member.environments === null ? 'every environment' : member.environments.join(', ')}
              </span>
            </p>
            <div className="pt-1">
              <Menu.Item className={ITEM} render={<PageLink href="/account">Account</PageLink>} />
              {managesTokens && <Menu.Item className={ITEM} render={<PageLink href="/tokens">API tokens</PageLink>} />}
              <Menu.Item className={ITEM} closeOnClick={false} onClick={() => void signOut()}>
                Sign out
              </Menu.Item>
            </div>
            {failed !== null && (
              <p role="alert" className="px-2.5 py-1.5 text-xs text-bad">
                {failed}
              </p>
            )}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}
