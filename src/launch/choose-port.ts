import { isFree, nextFreePort } from './ports.ts'

const DEFAULT_PORT = 3000

export interface ChosenPort {
  readonly port: number
  /** Set when the usual port was taken and nobody had asked for one. */
  readonly insteadOf: number | undefined
}

/** The port somebody asked for, or none at all; else the usual one, or the next that is free. */
export async function choosePort(asked: number | undefined): Promise<ChosenPort> {
  if (asked === undefined) {
    const port = await nextFreePort(DEFAULT_PORT)
    return { port, insteadOf: port === DEFAULT_PORT ? undefined : DEFAULT_PORT }
  }
  if (await isFree(asked)) return { port: asked, insteadOf: undefined }
  throw new Error(
    `Port ${asked} is taken by another program. Nothing was started. ` +
      `Stop that program, set PORT to another port (${await nextFreePort(asked + 1)} is free), or leave PORT unset to have one chosen.`,
  )
}
