/** How the signed-in person can prove again who they are. */
export interface ProofMethods {
  readonly password: boolean
  readonly passkey: boolean
  /** The sandbox's own operator has neither; there a click is enough. */
  readonly sandbox: boolean
}
