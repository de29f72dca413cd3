import { herokuWorkflow } from './deploy-run'
import { describePaths } from './workflow-paths'

describePaths(herokuWorkflow)
