import {
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  startRegistration,
} from '@simplewebauthn/browser'
import { type Asked, askAuth, askAuthProved } from '~/ui/auth/ask-auth'

type Answer = { readonly ok: true; readonly response: object } | { readonly ok: false; readonly message: string }

/** Lets the browser ask for a passkey. What it answers is for the server to judge. */
export async function askForPasskey(): Promise<Answer> {
  const asked = await askAuth('/passkey/generate-authenticate-options')
  if (!asked.ok) return asked
  try {
    // The console's own answer: the browser refuses what does not fit. The library only prefers that the device makes sure
    // of the person; the console insists.
    const options = asked.body as PublicKeyCredentialRequestOptionsJSON
    const response = await startAuthentication({ optionsJSON: { ...options, userVerification: 'required' } })
    return { ok: true, response }
  } catch {
    return { ok: false, message: 'No passkey was used. Nothing was changed; try again.' }
  }
}

/** Lets the browser make a passkey for who is signed in, and has the console remember it under this name. */
export async function addPasskey(name: string): Promise<Asked> {
  const asked = await askAuthProved('/passkey/generate-register-options')
  if (!asked.ok) return asked
  try {
    const options = asked.body as PublicKeyCredentialCreationOptionsJSON
    const response = await startRegistration({ optionsJSON: options })
    return await askAuthProved('/passkey/verify-registration', { response, name })
  } catch (error) {
    const known = error instanceof Error && error.name === 'InvalidStateError'
    const message = known
      ? 'This device already has a passkey for this account. Nothing was changed.'
      : 'No passkey was created. Nothing was changed; try again.'
    return { ok: false, code: null, message }
  }
}

/** Passkeys are bound to the console's name, and browsers know none for an address in numbers. */
export const passkeysWork = (): boolean =>
  window.isSecureContext && 'PublicKeyCredential' in window && !/^[\d.]+$|^\[/.test(window.location.hostname)
