export type Theme = 'system' | 'light' | 'dark'

const kept = 'dayline.theme'

/** theme is the person's choice on this browser. */
export const theme: { choice: Theme } = $state({ choice: read() })

function read(): Theme {
  const word = localStorage.getItem(kept)
  return word === 'light' || word === 'dark' ? word : 'system'
}

/** applyTheme puts the choice in force. */
export function applyTheme() {
  if (theme.choice === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme.choice
}

/** chooseTheme keeps a choice for the next time too. */
export function chooseTheme(choice: Theme) {
  theme.choice = choice
  localStorage.setItem(kept, choice)
  applyTheme()
}
