import { hasAddress, isPortFree, nextFreePort } from './ports.ts'

const DEFAULT_PORT = 3000

interface ChosenPort {
  readonly port: number
  /** Set when the usual port was taken and nobody had asked for one. */
  readonly insteadOf: number | undefined
}

/** The port somebody asked for, or none at all; else the usual one, or the next that is free. */
export async function choosePort(asked: number | undefined, host: string): Promise<ChosenPort> {
  if (!(await hasAddress(host))) {
    throw new Error(
      `HOST is ${host}, an address this machine does not have. Nothing was started. Example: HOST=127.0.0.1`,
    )
  }
  if (asked === undefined) {
    const port = await nextFreePort(DEFAULT_PORT, host)
    return { port, insteadOf: port === DEFAULT_PORT ? undefined : DEFAULT_PORT }
  }
  if (await isPortFree(asked, host)) return { port: asked, insteadOf: undefined }
  throw new Error(
    `Port ${asked} is taken by another program. Nothing was started. ` +
      `Stop that program, set PORT to another port (${await nextFreePort(asked + 1, host)} is free), or leave PORT unset to have one chosen.`,
  )
}
