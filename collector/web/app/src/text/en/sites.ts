export default {
  title: 'Sites',
  site: 'Site',
  rest: 'Time in pages whose address is not known stands with its browser, under Applications.',
  none: 'No time on sites in these days, as far as you may see. Where addresses are not collected, time stands with the browser, under Applications.',
} as const
