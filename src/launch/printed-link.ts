import { AppError } from '~/domain/errors'
import { isLoopbackHost } from '~/server/platform/network-settings'

/** The link that a start prints: to create the first admin, or to sign in to the sandbox. Null if there is an admin. */
export async function printedLink(databaseUrl: string, sandbox: boolean) {
  // Imported here because they need the Prisma client, which the first start has just generated.
  const { connectDatabase } = await import('~/server/platform/database')
  const { makeSetupLink } = await import('~/server/members/manage/links')
  const { v7: newId } = await import('uuid')
  const db = connectDatabase(databaseUrl)
  try {
    const { path, minutes } = await makeSetupLink({ db, now: () => new Date(), newId: () => newId() }, { sandbox })
    return { path, minutes, says: sandbox ? 'Sign in to the sandbox' : 'Create the first admin' }
  } catch (error) {
    if (error instanceof AppError && error.code === 'admin_exists') return null
    throw error
  } finally {
    await db.$disconnect()
  }
}

/** The console's address, or localhost if the address is public. */
export const loopbackAddress = (consoleUrl: string, port: number): string =>
  isLoopbackHost(new URL(consoleUrl).host) ? consoleUrl : `http://localhost:${port}`
