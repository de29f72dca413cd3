import { docsWorkflow } from './deploy-run'
import { describePaths } from './workflow-paths'

describePaths(docsWorkflow)
