import type { RuleChange } from '../../contract/gen/dayline/admin/v1/admin_pb'

/** kindOfChange tells whether a rule or exception joins, goes or says something else; the word is the catalogue's. */
export function kindOfChange({ rule, oldStatus, oldCategory }: RuleChange): 'isAdded' | 'isChanged' | 'isRemoved' {
  if (!oldStatus && !oldCategory) return 'isAdded'
  return rule!.status || rule!.category ? 'isChanged' : 'isRemoved'
}

/** linesOf takes apart what is wrong with a CSV file, a line for each: "line 3, site: …; line 4: …; and 7 more". */
export function linesOf(reason: string): string[] {
  return reason.split(/; (?=line \d+[:,]|and \d+ more$)/)
}
