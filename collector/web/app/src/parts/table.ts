import type { Snippet } from 'svelte'

/** A column of a table of Rows. */
export interface Column<Row> {
  /** Names it in the address (`sort=-total`). */
  name: string
  title: string
  /** What it is sorted by. */
  value: (row: Row) => string | number
  /** What is shown and searched; the value where it is left out. */
  text?: (row: Row) => string
  /** Numbers stand to the right, and begin with the largest when sorted. */
  number?: boolean
  /** What draws a number begins with the largest too, and stands where text does. */
  bar?: boolean
  /** Shown instead of the text. */
  cell?: Snippet<[Row]>
  /** Left out where the table is narrow, as on a phone; very: on half a screen; most: where it has not a whole screen. */
  wide?: boolean | 'very' | 'most'
}

/** How many rows are shown at a time. */
export const rowsOfPage = 100

/** textOf is what a cell says. */
export function textOf<Row>(column: Column<Row>, row: Row): string {
  return column.text ? column.text(row) : String(column.value(row))
}

/** found gives the rows in which every word is said by some column, without case. */
export function found<Row>(rows: Row[], columns: Column<Row>[], search: string): Row[] {
  const words = search.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return rows
  return rows.filter((row) => {
    const text = columns.map((column) => textOf(column, row)).join('\n').toLocaleLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** sorted gives the rows by a column ("name", "-total"); rows that are equal there stay as they were. */
export function sorted<Row>(rows: Row[], columns: Column<Row>[], sort: string): Row[] {
  const column = columns.find((c) => c.name === sort.replace(/^-/, ''))
  if (!column) return rows
  const sign = sort.startsWith('-') ? -1 : 1
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })
  return rows.toSorted((a, b) => {
    const [x, y] = [column.value(a), column.value(b)]
    return sign * (typeof x === 'number' && typeof y === 'number' ? x - y : collator.compare(String(x), String(y)))
  })
}
