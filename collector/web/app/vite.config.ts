import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

// A running collector's pages' address, for `npm run dev`.
const collector = process.env.DAYLINE_COLLECTOR ?? 'http://127.0.0.1:8444'
const passOn = { target: collector, changeOrigin: true, headers: { origin: collector } }

export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: '../dist',
    // dist/.gitignore stays; `make build` clears the rest.
    emptyOutDir: false,
    target: 'es2022',
    // An inlined asset would be a data: address, which the content security policy refuses for all but pictures.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
    // What pages share comes as one file: many small ones each cost a way to the collector and back.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'parts', test: /src\/(parts|address|format|viewer|style)\//, minShareCount: 2 }] } } },
  },
  server: { proxy: { '/dayline.admin.v1.AdminService': passOn, '/files': passOn, '/sign-in/provider': passOn } },
})
