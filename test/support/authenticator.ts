import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

const sha256 = (data: Buffer | string): Buffer => createHash('sha256').update(data).digest()
const base64url = (data: Buffer | string): string => Buffer.from(data).toString('base64url')

// CBOR (RFC 8949) written out by hand: every length and key here is constant.
const COSE_ES256 = Buffer.from('a5010203262001215820', 'hex')
const COSE_Y = Buffer.from('225820', 'hex')
const NO_ATTESTATION = Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746158', 'hex')

const PRESENT = 0x01
const VERIFIED = 0x04
const WITH_KEY = 0x40

/**
 * A security key in software whose signatures verify like a real key's (WebAuthn, 6.1). `verified`: it has verified its
 * user, by PIN or fingerprint.
 */
export function authenticator(origin: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const id = randomBytes(16)
  let counter = 0

  const clientData = (type: 'create' | 'get', challenge: string): Buffer =>
    Buffer.from(JSON.stringify({ type: `webauthn.${type}`, challenge, origin, crossOrigin: false }))
  const authData = (flags: number): Buffer => {
    counter += 1
    const counted = Buffer.alloc(4)
    counted.writeUInt32BE(counter)
    return Buffer.concat([sha256(new URL(origin).hostname), Buffer.from([flags]), counted])
  }
  const answer = (response: Readonly<Record<string, unknown>>) => ({
    id: base64url(id),
    rawId: base64url(id),
    type: 'public-key',
    clientExtensionResults: {},
    response,
  })
  const flagsFor = (verified: boolean): number => PRESENT | (verified ? VERIFIED : 0)

  return {
    register: (challenge: string, { verified }: { readonly verified: boolean }) => {
      const key = [COSE_ES256, Buffer.from(x, 'base64url'), COSE_Y, Buffer.from(y, 'base64url')]
      const credential = [Buffer.alloc(16), Buffer.from([0, id.length]), id, ...key]
      const data = Buffer.concat([authData(flagsFor(verified) | WITH_KEY), ...credential])
      const attestationObject = Buffer.concat([NO_ATTESTATION, Buffer.from([data.length]), data])
      return answer({
        clientDataJSON: base64url(clientData('create', challenge)),
        attestationObject: base64url(attestationObject),
        transports: ['internal'],
      })
    },
    authenticate: (challenge: string, { verified }: { readonly verified: boolean }) => {
      const [client, data] = [clientData('get', challenge), authData(flagsFor(verified))]
      const signature = sign('sha256', Buffer.concat([data, sha256(client)]), privateKey)
      return answer({
        clientDataJSON: base64url(client),
        authenticatorData: base64url(data),
        signature: base64url(signature),
      })
    },
  }
}
