'use client'

import { ShownOnce } from '~/ui/primitives/shown-once'

export interface MadeLink {
  readonly path: string
  readonly email: string
  readonly purpose: 'invitation' | 'password'
}

const WORDS = {
  invitation: {
    title: (email: string) => `Invitation for ${email} created`,
    warning: 'The first person who opens the link can join, so send it in private.',
    label: 'The invitation link',
  },
  password: {
    title: (email: string) => `Password link for ${email} created`,
    warning:
      'The first person who opens the link sets the password, so send it in private. It expires after one day. Setting the password ends this account’s sessions and API tokens, and removes its passkeys and connected providers.',
    label: 'The password link',
  },
} as const

/** Shows a link once, to copy and send. */
export function MadeLinkNotice({ link, onDone }: { readonly link: MadeLink; readonly onDone: () => void }) {
  const { title, warning, label } = WORDS[link.purpose]
  return (
    <ShownOnce
      title={title(link.email)}
      warning={`Copy the link now. It is shown only once. ${warning}`}
      label={label}
      secret={`${window.location.origin}${link.path}`}
      onDone={onDone}
    />
  )
}
