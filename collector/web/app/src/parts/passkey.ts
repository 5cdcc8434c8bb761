// Passkeys: the browser's own dialogs between the two calls of a ceremony.

/** passkeysKnown tells whether this browser can make and use passkeys. */
export const passkeysKnown =
  typeof PublicKeyCredential !== 'undefined' && typeof PublicKeyCredential.parseRequestOptionsFromJSON === 'function'

/** usePasskey asks for a passkey; undefined where the person thought better of it. */
export async function usePasskey(optionsJson: string): Promise<string | undefined> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(optionsJson))
  return written(navigator.credentials.get({ publicKey }))
}

/** makePasskey has one made; undefined where the person thought better of it, or has one here already. */
export async function makePasskey(optionsJson: string): Promise<string | undefined> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(optionsJson))
  return written(navigator.credentials.create({ publicKey }))
}

async function written(asked: Promise<Credential | null>): Promise<string | undefined> {
  try {
    const credential = await asked
    return credential ? JSON.stringify((credential as PublicKeyCredential).toJSON()) : undefined
  } catch (thrown) {
    // Refused, timed out, or there already: browsers do not tell which, for the person's sake.
    if (thrown instanceof DOMException && ['NotAllowedError', 'AbortError', 'InvalidStateError'].includes(thrown.name)) return undefined
    throw thrown
  }
}
