/**
 * grid is a Svelte action: one stop of the Tab key for a whole table, in which the arrow keys go from cell to cell, Home and End
 * along the row, and with Ctrl to the first and the last. A cell is reached if it has a child with a tabindex.
 */
export function grid(table: HTMLTableElement, _rows: unknown) {
  const stopOf = (row: number, cell: number) => table.tBodies[0]?.rows[row]?.cells[cell]?.querySelector<HTMLElement>('[tabindex]')

  /** next goes on from a place until there is a cell that can be reached. */
  function next(row: number, cell: number, down: number, across: number): HTMLElement | undefined {
    const body = table.tBodies[0]
    while (body?.rows[row]?.cells[cell]) {
      const stop = stopOf(row, cell)
      if (stop) return stop
      row += down
      cell += across
    }
    return undefined
  }
  function press(event: KeyboardEvent) {
    const cell = (event.target as Element).closest('td')
    const row = cell?.parentElement as HTMLTableRowElement | null
    if (!cell || !row || event.altKey || event.metaKey) return
    const [y, x] = [row.sectionRowIndex, cell.cellIndex]
    const [lastRow, lastCell] = [table.tBodies[0]!.rows.length - 1, row.cells.length - 1]
    const all = event.ctrlKey
    const ways: Record<string, () => HTMLElement | undefined> = {
      ArrowRight: () => next(y, x + 1, 0, 1),
      ArrowLeft: () => next(y, x - 1, 0, -1),
      ArrowDown: () => next(y + 1, x, 1, 0),
      ArrowUp: () => next(y - 1, x, -1, 0),
      Home: () => next(all ? 0 : y, 0, 0, 1),
      End: () => next(all ? lastRow : y, lastCell, 0, -1),
    }
    const to = ways[event.key]?.()
    if (!to) return
    event.preventDefault()
    to.focus()
  }
  function focus(event: FocusEvent) {
    const stop = (event.target as Element).closest<HTMLElement>('td [tabindex]')
    if (!stop) return
    for (const other of table.querySelectorAll('td [tabindex="0"]')) other.setAttribute('tabindex', '-1')
    stop.setAttribute('tabindex', '0')
  }
  function begin() {
    if (!table.querySelector('td [tabindex="0"]')) table.querySelector('td [tabindex]')?.setAttribute('tabindex', '0')
  }

  table.addEventListener('keydown', press)
  table.addEventListener('focusin', focus)
  begin()
  return { update: begin }
}
