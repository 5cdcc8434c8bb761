import { collector } from '../../contract/collector'
import { entriesOf, type Entry } from '../subjects/subject'

/** Rules are those of classification.yaml, and all categories there are. */
export interface Rules {
  entries: Entry[]
  categories: string[]
}

/** findRules asks for the rules. */
export async function findRules(signal?: AbortSignal): Promise<Rules> {
  const { rules, categories } = await collector.listRules({}, { signal })
  return { entries: entriesOf(rules), categories }
}
