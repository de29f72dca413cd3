import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser'
import { type Asked, askAuth, askAuthProved } from '~/ui/auth/ask-auth'

type Answer = { readonly ok: true; readonly response: object } | { readonly ok: false; readonly message: string }

/** Lets the browser ask for a passkey. The server verifies the answer. */
export async function askForPasskey(): Promise<Answer> {
  const asked = await askAuth('/passkey/generate-authenticate-options')
  if (!asked.ok) return asked
  try {
    // The browser checks these options. The library only prefers user verification; the console requires it.
    const options = asked.body as PublicKeyCredentialRequestOptionsJSON
    const { startAuthentication } = await import('@simplewebauthn/browser')
    const response = await startAuthentication({ optionsJSON: { ...options, userVerification: 'required' } })
    return { ok: true, response }
  } catch {
    return { ok: false, message: 'No passkey was used. Nothing was changed; try again.' }
  }
}

/** Creates a passkey for the signed-in member and registers it under this name. */
export async function addPasskey(name: string): Promise<Asked> {
  const asked = await askAuthProved('/passkey/generate-register-options')
  if (!asked.ok) return asked
  try {
    const options = asked.body as PublicKeyCredentialCreationOptionsJSON
    const { startRegistration } = await import('@simplewebauthn/browser')
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

/** A passkey is bound to a host name. Browsers refuse one for an IP address (WebAuthn, 5.1.2). */
export const passkeysWork = (): boolean =>
  window.isSecureContext && 'PublicKeyCredential' in window && !/^[\d.]+$|^\[/.test(window.location.hostname)
