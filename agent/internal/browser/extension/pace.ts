// When something is told. Pure: times are milliseconds of one clock.

/** What goes on changing is told once it is quiet for so long, and this long after its first change at the latest. */
const quiet = 80
const patience = 200
/** Ten a second at most. */
const apart = 100

/** Pace gathers the many changes of one navigation into one telling. */
export class Pace {
  private first: number | undefined
  private last = 0
  private told = -apart

  changed(at: number): void {
    this.first ??= at
    this.last = at
  }

  /** It was asked for: quiet is not waited for. */
  asked(at: number): void {
    this.first = at - patience
    this.last = at
  }

  /** When to tell, undefined where nothing changed. */
  due(): number | undefined {
    if (this.first === undefined) return undefined
    return Math.max(Math.min(this.last + quiet, this.first + patience), this.told + apart)
  }

  /** What changed until now is being looked at, and is told if it is news. */
  looked(at: number): void {
    this.first = undefined
    this.told = at
  }
}
