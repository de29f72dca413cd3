'use client'

import { ChevronDown } from 'lucide-react'
import { type FocusEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { postAuth } from '~/ui/auth/ask-auth'
import { applyTheme, readTheme, THEMES, type Theme } from '~/ui/preferences/theme'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { PageLink } from '~/ui/primitives/links'
import { useMember, useRefusal } from '~/ui/shell/member'

const ITEM = 'block w-full rounded-[4px] px-2.5 py-1.5 text-left text-sm hover:bg-well'

/** The signed-in member, their role, their pages, and sign-out. A disclosure, so that Tab reaches what it holds. */
export function UserMenu() {
  const member = useMember()
  const [failed, setFailed] = useState<string | null>(null)
  const managesTokens = useRefusal('token.manage') === null
  const { open, toggle, root, panelId } = useDisclosure()
  if (member === null) return null
  const signOut = async () => {
    const answer = await postAuth('/sign-out', {})
    if (!answer.ok) return setFailed(answer.message)
    // Discard the member's drafts.
    window.sessionStorage.clear()
    window.location.assign('/sign-in')
  }
  return (
    <div {...root} className="relative min-w-0">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={panelId}
        onClick={toggle}
        className="inline-flex h-8 max-w-24 min-w-0 items-center gap-1 rounded-[5px] px-2 text-sm hover:bg-well sm:max-w-44"
      >
        <span className="truncate font-medium">
          <ForeignText text={member.name} />
        </span>
        {/* The open menu shows it. */}
        <span className="sr-only">{member.role}</span>
        <ChevronDown aria-hidden="true" className="size-3.5 shrink-0 text-ink-faint" />
      </button>
      {open && (
        <section
          id={panelId}
          aria-label="Account"
          className="absolute top-full right-0 z-20 mt-1 w-64 rounded-md border border-line bg-panel p-1 shadow-lg"
        >
          <p className="border-b border-line px-2.5 pt-1 pb-2 text-xs text-ink-soft">
            <span className="block truncate">
              <ForeignText text={member.email} />
            </span>
            <span className="block text-ink-faint">
              {member.role}, {member.environments === null ? 'every environment' : member.environments.join(', ')}
            </span>
          </p>
          <div className="pt-1">
            <PageLink href="/account" className={ITEM}>
              Account
            </PageLink>
            {managesTokens && (
              <PageLink href="/tokens" className={ITEM}>
                API tokens
              </PageLink>
            )}
            <button type="button" className={ITEM} onClick={() => void signOut()}>
              Sign out
            </button>
          </div>
          <ThemeChoice />
          {failed !== null && (
            <p role="alert" className="px-2.5 py-1.5 text-xs text-bad">
              {failed}
            </p>
          )}
        </section>
      )}
    </div>
  )
}

const THEME_WORDS = { system: 'System', light: 'Light', dark: 'Dark' } as const satisfies Record<Theme, string>

function ThemeChoice() {
  const [theme, setTheme] = useState<Theme>('system')
  // The server does not tell the page: the mark on the root element does.
  useEffect(() => setTheme(readTheme(document.documentElement.dataset['theme'])), [])
  const choose = (chosen: Theme) => {
    setTheme(chosen)
    applyTheme(chosen)
  }
  return (
    <fieldset className="mt-1 border-t border-line px-2.5 pt-2 pb-1.5">
      <legend className="sr-only">Theme</legend>
      <div className="flex rounded-[5px] border border-line bg-well p-0.5 text-xs">
        {THEMES.map((one) => (
          <label
            key={one}
            className="relative flex-1 rounded-[3px] py-1 text-center text-ink-soft has-checked:bg-panel has-checked:font-medium has-checked:text-ink has-checked:shadow-sm has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name="theme"
              value={one}
              checked={theme === one}
              onChange={() => choose(one)}
              className="absolute inset-0 size-full cursor-pointer appearance-none"
            />
            {THEME_WORDS[one]}
          </label>
        ))}
      </div>
    </fieldset>
  )
}

/** Escape, a click elsewhere, and a focus that leaves close it. Escape returns the focus to the button. */
function useDisclosure() {
  const [open, setOpen] = useState(false)
  const ref = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!open) return
    const onPointerDown = ({ target }: PointerEvent) => {
      if (!(target instanceof Node && ref.current?.contains(target))) setOpen(false)
    }
    document.addEventListener('pointerdown', onPointerDown)
    return () => document.removeEventListener('pointerdown', onPointerDown)
  }, [open])
  const onKeyDown = (event: KeyboardEvent) => {
    if (!open || event.key !== 'Escape') return
    event.preventDefault()
    setOpen(false)
    ref.current?.querySelector('button')?.focus()
  }
  const onBlur = ({ relatedTarget }: FocusEvent) => {
    if (relatedTarget !== null && !ref.current?.contains(relatedTarget)) setOpen(false)
  }
  return { open, toggle: () => setOpen(!open), root: { ref, onKeyDown, onBlur }, panelId: useId() }
}
