import { BaseSequencer, type TestSpecification } from 'vitest/node'

const STARTERS = /\/integration\/(launch|runner|schema-engine|faults|sandbox)\//

/**
 * Vitest's order (the longest first, once it has seen them run), but what starts programs before all else, also in a fresh
 * clone: these files take longest, so none is left alone at the end; and a process forks faster while it is small.
 */
export class StartersFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const starts = ({ moduleId }: TestSpecification) => STARTERS.test(moduleId)
    return [...sorted.filter(starts), ...sorted.filter((file) => !starts(file))]
  }
}
