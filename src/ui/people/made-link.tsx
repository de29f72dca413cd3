'use client'

import { ShownOnce } from '~/ui/primitives/shown-once'

export interface MadeLink {
  readonly path: string
  readonly email: string
  readonly purpose: 'invitation' | 'password'
}

const WORDS = {
  invitation: {
    title: (email: string) => `The invitation of ${email} is made`,
    warning: 'It lets in whoever opens it first, so hand it over in private.',
    label: 'The invitation link',
  },
  password: {
    title: (email: string) => `A link for a new password of ${email} is made`,
    warning:
      'Whoever opens it first sets the password, within a day: hand it over in private. Used, it ends this account’s sessions, passkeys, connected providers and API tokens.',
    label: 'The link for a new password',
  },
} as const

/** The one sight of a link, to copy and hand over. */
export function MadeLinkNotice({ link, onDone }: { readonly link: MadeLink; readonly onDone: () => void }) {
  const { title, warning, label } = WORDS[link.purpose]
  return (
    <ShownOnce
      title={title(link.email)}
      warning={`Copy it now: this is the only time it is shown. ${warning}`}
      label={label}
      secret={`${window.location.origin}${link.path}`}
      onDone={onDone}
    />
  )
}
