// The files of a release.

/** Chosen are files of which the collector takes some, what lists the others first, and leaves the rest. */
export interface Chosen {
  taken: File[]
  left: File[]
}

const manifest = 'release.json'

/** chosenOf sorts files by what is listed in one of them; undefined where that is missing. */
export async function chosenOf(files: File[]): Promise<Chosen | undefined> {
  const first = files.find((file) => file.name === manifest)
  if (!first) return undefined
  const listed = listedIn(await first.text())
  const rest = files.filter((file) => file !== first)
  const taken = listed ? rest.filter((file) => listed.has(file.name)) : rest
  return { taken: [first, ...taken], left: rest.filter((file) => !taken.includes(file)) }
}

/** listedIn gives the names in a list; undefined where it is none, which the collector says better. */
function listedIn(text: string): Set<string> | undefined {
  try {
    const { packages } = JSON.parse(text) as { packages: { name: string }[] }
    return new Set(packages.map(({ name }) => name))
  } catch {
    return undefined
  }
}
