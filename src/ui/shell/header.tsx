'use client'

import { FlaskConical, Search } from 'lucide-react'
import { useShow } from '~/ui/shell/commands'
import { ConnectionMark, MainNav } from '~/ui/shell/main-nav'
import { useSandboxUrl } from '~/ui/shell/member'
import { UserMenu } from '~/ui/shell/user-menu'

/** The same on every page and in the same place, so that nothing moves between pages. */
export function Header() {
  return (
    <header className="flex min-h-16 flex-wrap items-center gap-x-2 gap-y-2 py-4 sm:gap-x-3 print:hidden">
      <p className="flex items-center gap-2 text-[0.9375rem] font-semibold tracking-[-0.01em]">
        Deploy Console
        <SandboxMark />
      </p>
      <MainNav />
      <div className="ml-auto flex min-w-0 items-center gap-1">
        <PaletteButton />
        <ConnectionMark />
        <UserMenu />
      </div>
    </header>
  )
}

function PaletteButton() {
  const show = useShow()
  return (
    <button
      type="button"
      aria-keyshortcuts="Control+K Meta+K"
      title="Ctrl K"
      onClick={() => show('palette')}
      className="inline-flex h-8 items-center gap-1.5 rounded-[5px] px-2 text-sm text-ink-soft hover:bg-well hover:text-ink"
    >
      <Search aria-hidden="true" className="size-4" />
      <span className="max-sm:sr-only">Find</span>
    </button>
  )
}

const SANDBOX = 'GitHub and the surfaces are local stand-ins; the console listens on this machine only.'

/** Tells every member that this console deploys to nothing outside the machine. Leads to the sandbox's control page. */
function SandboxMark() {
  const url = useSandboxUrl()
  if (url === null) return null
  return (
    <a
      href={url}
      target="_blank"
      rel="noreferrer"
      title={`${SANDBOX} Opens the sandbox’s control page.`}
      className="inline-flex h-5 items-center gap-1 rounded-[4px] border border-line bg-panel px-1.5 text-xs font-medium tracking-normal text-ink-soft hover:border-control hover:text-ink"
    >
      <FlaskConical aria-hidden="true" className="size-3" />
      <span className="max-sm:sr-only">Sandbox</span>
      <span className="sr-only">: control page (opens in a new tab)</span>
    </a>
  )
}
