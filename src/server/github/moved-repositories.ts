import 'server-only'
import type { Logger } from '~/server/platform/logger'

/** Repositories whose reads GitHub answered from another address. Known to this process only, as it saw it last. */
export interface MovedRepositories {
  /** The new name, or the address where GitHub gave no name; null when the repository is not known to have moved. */
  readonly newNameOf: (repository: string) => string | null
  /** Takes note of where a successful read was answered from. `readName` is asked once for each repository that moved. */
  readonly note: (repository: string, answeredFrom: string, readName: () => Promise<string | null>) => Promise<void>
}

export function createMovedRepositories(logger: Logger): MovedRepositories {
  const moved = new Map<string, string>()
  return {
    newNameOf: (repository) => moved.get(repository) ?? null,
    async note(repository, answeredFrom, readName) {
      const path = `${answeredFrom.split('?')[0]}/`.toLowerCase()
      if (path.includes(`/repos/${repository.toLowerCase()}/`)) return void moved.delete(repository)
      if (moved.has(repository)) return
      moved.set(repository, answeredFrom.slice(0, 300))
      const movedTo = await readName().catch(() => null)
      if (movedTo !== null) moved.set(repository, movedTo)
      logger.warn({ repository, movedTo: moved.get(repository) }, 'a repository moved: update surfaces.yaml')
    },
  }
}
