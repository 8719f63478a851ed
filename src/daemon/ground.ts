import type { Engine, EngineOptions } from '#native'
import type { NativeModule } from '../engine/native.ts'
import type { PidFiles } from '../process/pid-files.ts'
import type { ScriptRunner } from '../process/script-runner.ts'
import type { SavedConfig } from '../reload/saved-config.ts'

/** What a daemon stands on: opened before it, and ended with it. */
export interface Ground {
  readonly engine: Engine
  readonly engineOptions: EngineOptions
  readonly pidFiles: PidFiles
  readonly scripts: ScriptRunner
  readonly saved: SavedConfig
  readonly addon: NativeModule
}
