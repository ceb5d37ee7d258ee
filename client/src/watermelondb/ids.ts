import { setGenerator } from '@nozbe/watermelondb/utils/common/randomId/index.js'
import { newId } from '@pursuit/client'

/** Makes WatermelonDB's new records carry UUIDs, as the server asks; its own ids have 16 characters. */
export function useUuids(): void {
  setGenerator(() => newId())
}
