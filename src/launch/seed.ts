import { readSurfacesFile } from '~/server/surfaces/declare/read-surfaces-file'

/** Brings the declared surfaces into the database. */
export async function seedDeclaredSurfaces(
  databaseUrl: string,
  surfacesFile: string,
  sandboxUrl: string | undefined,
): Promise<{ readonly declared: number; readonly warnings: readonly string[] }> {
  const declared = readSurfacesFile(surfacesFile, sandboxUrl)
  // Only now: these need the generated Prisma client, which the first start has just made.
  const { connectDatabase } = await import('~/server/platform/database')
  const { seedSurfaces } = await import('~/server/surfaces/declare/seed-surfaces')
  const db = connectDatabase(databaseUrl)
  try {
    return await seedSurfaces({ db, now: () => new Date() }, declared)
  } finally {
    await db.$disconnect()
  }
}
