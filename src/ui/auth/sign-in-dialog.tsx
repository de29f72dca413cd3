'use client'

import { Dialog } from '@base-ui/react/dialog'
import { useCallback, useEffect, useState } from 'react'
import type { ProviderView } from '~/domain/account'
import { SANDBOX_OPERATOR } from '~/domain/member'
import { askAuth, isRecord } from '~/ui/auth/ask-auth'
import { passkeysWork } from '~/ui/auth/passkey'
import type { Prompted } from '~/ui/auth/prompts'
import { SignInForm } from '~/ui/auth/sign-in-form'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'

interface SignInDialogProps extends Prompted {
  /** The member whose page this is. */
  readonly email: string
  readonly providers: readonly ProviderView[]
}

export function SignInDialog({ open, settle, email, providers }: SignInDialogProps) {
  const goOn = useCallback(async () => {
    const who = await whoIsSignedIn()
    if (who === null) return
    if (who === email) return settle(true)
    // Another member signed in: load the page anew, so that nothing that the first member saw or typed remains.
    window.location.assign(window.location.pathname)
  }, [email, settle])
  return (
    <Dialog.Root open={open}>
      <Dialog.Portal>
        <Dialog.Backdrop forceRender className="fixed inset-0 z-30 bg-veil" />
        <Dialog.Viewport className="fixed inset-0 z-30 flex items-start justify-center overflow-y-auto p-4 sm:pt-[12vh]">
          <Dialog.Popup
            initialFocus={() => document.getElementById('password')}
            className="w-full max-w-[25rem] rounded-md border border-line bg-panel p-5 text-ink outline-none"
          >
            <Dialog.Title className="text-base leading-6 font-semibold tracking-[-0.01em]">
              Your session has ended
            </Dialog.Title>
            <Dialog.Description className="mt-1 mb-4 text-sm text-pretty break-words text-ink-soft">
              What you entered is kept. Sign in as <ForeignText text={email} /> to continue. If someone else signs in,
              it is discarded.
            </Dialog.Description>
            <SignInHere email={email} providers={providers} onSignedIn={goOn} />
            <div className="mt-3 border-t border-line pt-3">
              <Button tone="bare" className="-ml-3" onClick={() => settle(false)}>
                Go to the sign-in page
              </Button>
            </div>
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

interface SignInHereProps extends Pick<SignInDialogProps, 'email' | 'providers'> {
  readonly onSignedIn: () => Promise<void>
}

/** The form of the sign-in page. Signing in in another window of this browser also closes this dialog. */
function SignInHere({ email, providers, onSignedIn }: SignInHereProps) {
  const [passkeys] = useState(passkeysWork)
  useEffect(() => {
    const look = () => void onSignedIn()
    look()
    window.addEventListener('focus', look)
    return () => window.removeEventListener('focus', look)
  }, [onSignedIn])
  const { pathname, search } = window.location
  return (
    <>
      {email === SANDBOX_OPERATOR.email && (
        <p className="mb-3 text-sm text-pretty text-ink-soft">
          This is the sandbox: open the link that <code className="font-mono">npm start</code> printed in another window
          of this browser, then come back here.
        </p>
      )}
      <SignInForm
        next={pathname + search}
        providers={providers}
        passkeys={passkeys}
        refused={null}
        email={email}
        onSignedIn={() => void onSignedIn()}
      />
    </>
  )
}

/** The e-mail address of the signed-in member; null if nobody is signed in or the console did not answer. */
async function whoIsSignedIn(): Promise<string | null> {
  const answer = await askAuth('/get-session')
  const user = answer.ok && isRecord(answer.body) ? answer.body['user'] : null
  return isRecord(user) && typeof user['email'] === 'string' ? user['email'] : null
}
