import { consoleWorkflow } from './deploy-run'
import { describePaths } from './workflow-paths'

describePaths(consoleWorkflow)
