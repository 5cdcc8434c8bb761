import { mount } from 'svelte'
import './style/base.css'
import App from './App.svelte'
import { chooseLanguage } from './text/text'
import { applyTheme } from './style/theme.svelte'

applyTheme()
await chooseLanguage()
mount(App, { target: document.getElementById('app')! })
