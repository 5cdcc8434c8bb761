export default {
  title: 'Install Dayline',
  intro: 'On a computer of yours. What it records then is yours to see in “My day”, and to others as far as they may see your group.',
  stepMake: 'Choose the system, and create a link.',
  stepOpen: 'Open the link on that computer: its page has the installer, and a command that does the same.',
  stepRun: 'Run one of them, as an administrator of that computer. There is nothing to type; a minute later the computer is measured.',
  computers: 'Computers that may join by it',
  yours: 'Your links',
} as const
