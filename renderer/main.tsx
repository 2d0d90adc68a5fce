/** Starts the page: the wire, the caches, the language. Everything it needs arrives here and nowhere else. */
import { z } from 'zod'
import './styles/index.css'
import { createRoot } from 'react-dom/client'
import { createClient } from '../shared/contract/client.ts'
import { App } from './App.tsx'
import { openHostWire } from './browserWire.ts'
import { createClock } from './data/clock.ts'
import { createQueries } from './data/host.ts'
import { createPreferences } from './preferences.ts'
import { registerCharts } from './ui/Chart.tsx'

// Our pages run without eval; zod must not try to compile its parsers.
z.config({ jitless: true })
registerCharts()

const wire = openHostWire()
const root = document.getElementById('root')
if (root === null) throw new Error('the page has no root')
createRoot(root).render(
  <App
    host={{ wire, client: createClient((method, input) => wire.call(method, input)) }}
    queries={createQueries()}
    preferences={createPreferences(window.localStorage, navigator.languages)}
    clock={createClock(Date.now, (run) => {
      const timer = window.setInterval(run, 1_000)
      return () => window.clearInterval(timer)
    })}
  />,
)
