import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The test file that takes longest. */
const LONGEST = /\/readme-commands\./
const STARTERS = /\/integration\/(launch|runner|schema-engine|faults|sandbox|secrets)\/|\/callbacks\/fuzz\./

/**
 * Vitest's order (slowest first, once it has timed them), except that files that start programs come first, even in a fresh
 * clone: they take longest, so none is left alone at the end; and a process forks faster while it is small.
 */
export class StartersFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const turn = ({ moduleId }: TestSpecification) => [LONGEST, STARTERS].findIndex((kind) => kind.test(moduleId))
    return [0, 1, -1].flatMap((kind) => sorted.filter((file) => turn(file) === kind))
  }
}
