/** The device's face: one small page, live by server-sent events, whose two buttons are the device's.
 *  It lives at an origin of its own, so that the app that embeds it can neither read it nor press.
 *  `?theme=dark|light` and `?lang=en|zh`; without a theme it follows the system. */
import type { DeviceLanguage } from './screen.ts'

const TEXT = {
  en: { confirm: 'Confirm', reject: 'Reject', page: '(simulated)', lost: 'Device page closed' },
  zh: { confirm: '确定', reject: '拒绝', page: '（模拟）', lost: '设备页面已关闭' },
} as const satisfies Record<DeviceLanguage, Record<string, string>>

export type PageTheme = 'dark' | 'light' | 'system'

export function renderPage(
  page: { readonly model: string; readonly label: string },
  language: DeviceLanguage,
  theme: PageTheme,
): string {
  const text = TEXT[language]
  const name = `${page.model} “${page.label}”`
  return `<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}" data-theme="${theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(name)} ${text.page}</title>
<link rel="stylesheet" href="device.css">
<script type="module" src="device.js"></script>
</head>
<body>
<main class="device" aria-label="${escapeHtml(name)} ${text.page}">
<section class="screen" id="screen" role="status" aria-live="polite" aria-atomic="true" tabindex="0" data-kind="idle" data-lost="${text.lost}"></section>
<div class="buttons">
<button type="button" id="reject" disabled>${text.reject}</button>
<button type="button" id="confirm" disabled>${text.confirm}</button>
</div>
<p class="name" id="name">${escapeHtml(name)}</p>
</main>
</body>
</html>
`
}

function escapeHtml(text: string): string {
  const entity: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replace(/[&<>"]/g, (c) => entity[c] ?? c)
}

export const PAGE_STYLE = `
:root { color-scheme: dark light;
  --ground: #131a22; --body: #04070b; --edge: #243041; --glass: #0f1620; --ink: #e8edf4;
  --dim: #8b98aa; --cold: #4ea3ff; --good: #1f8a54; --good-ink: #ffffff; --plain: #182130; }
:root[data-theme='light'] { color-scheme: light;
  --ground: #ffffff; --body: #dbe2ea; --edge: #c3ccd8; --glass: #f8fafc; --ink: #16202c;
  --dim: #586779; --cold: #1769c9; --good: #1a7547; --good-ink: #ffffff; --plain: #ffffff; }
:root[data-theme='dark'] { color-scheme: dark; }
@media (prefers-color-scheme: light) {
  :root[data-theme='system'] {
    --ground: #ffffff; --body: #dbe2ea; --edge: #c3ccd8; --glass: #f8fafc; --ink: #16202c;
    --dim: #586779; --cold: #1769c9; --good: #1a7547; --good-ink: #ffffff; --plain: #ffffff; }
}
* { box-sizing: border-box; }
html, body { height: 100%; margin: 0; }
body { background: var(--ground); color: var(--ink);
  font: 14px/1.45 'Inter Variable', Inter, system-ui, 'Noto Sans SC Variable', 'Noto Sans SC', sans-serif;
  font-variant-numeric: tabular-nums; display: grid; grid-template-rows: minmax(0, 1fr); place-items: center; padding: 4px; }
.device { width: min(240px, 100%); background: var(--body); border: 1px solid var(--edge);
  border-radius: 28px; padding: 16px; display: flex; flex-direction: column; gap: 12px;
  height: min(420px, 100%); }
.screen { flex: 1; min-height: 0; overflow: auto; border-radius: 14px; padding: 14px 10px; text-align: center;
  scrollbar-width: thin; background:
  linear-gradient(var(--glass) 30%, transparent) top / 100% 28px no-repeat local,
  linear-gradient(transparent, var(--glass) 70%) bottom / 100% 28px no-repeat local,
  radial-gradient(farthest-side at 50% 0, var(--dim), transparent) top / 100% 8px no-repeat scroll,
  radial-gradient(farthest-side at 50% 100%, var(--dim), transparent) bottom / 100% 8px no-repeat scroll,
  var(--glass); }
.screen[data-kind='idle'], .screen[data-kind='unplugged'], .screen[data-kind='working'] {
  display: flex; flex-direction: column; justify-content: center; color: var(--dim); }
.screen h1 { font-size: 15px; line-height: 1.3; margin: 0 0 8px; font-weight: 600; }
.screen[data-kind='showing'] h1 { color: var(--ink); }
.screen[data-kind='unplugged'] { opacity: .65; }
dl { margin: 0; }
dt { color: var(--dim); font-size: 11px; margin-top: 6px; }
dd { margin: 0; overflow-wrap: anywhere; font-size: 13px; }
dd.mono { font-family: 'JetBrains Mono Variable', 'JetBrains Mono', ui-monospace, monospace; font-size: 13px; }
dd.mono span { display: inline-block; margin: 0 .25em; }
.buttons { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; }
button { font: inherit; min-height: 40px; border-radius: 12px; border: 1px solid var(--edge);
  background: var(--plain); color: var(--ink); cursor: pointer; }
#confirm { background: var(--good); border-color: var(--good); color: var(--good-ink); }
button:disabled { background: transparent; color: var(--dim); border-color: var(--edge); cursor: default; }
#confirm:disabled { background: transparent; color: var(--dim); border-color: var(--edge); }
:focus-visible { outline: 2px solid var(--cold); outline-offset: 2px; }
.name { margin: 0; text-align: center; font-size: 11px; color: var(--dim); }
`

/** Runs in the browser. Everything is set as text, never as markup. */
export const PAGE_SCRIPT = `
const screen = document.getElementById('screen')
const buttons = ['reject', 'confirm'].map((id) => document.getElementById(id))
const looksLikeCode = (value) => /^[0-9a-zA-Z/'.…]{20,}$/.test(value)
function element(tag, text) {
  const node = document.createElement(tag)
  node.textContent = text
  return node
}
function valueOf(value) {
  const dd = element('dd', '')
  if (!looksLikeCode(value)) {
    dd.textContent = value
    return dd
  }
  dd.className = 'mono'
  for (const group of value.match(/.{1,4}/g)) dd.append(element('span', group))
  return dd
}
function show(state) {
  screen.dataset.kind = state.kind
  const list = document.createElement('dl')
  for (const line of state.lines) list.append(element('dt', line.label), valueOf(line.value))
  screen.replaceChildren(element('h1', state.title), list)
  screen.scrollTop = 0
  for (const button of buttons) button.disabled = state.kind !== 'showing'
}
for (const button of buttons) {
  button.addEventListener('click', () => {
    for (const other of buttons) other.disabled = true
    fetch('press', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ button: button.id }),
    }).catch(() => {})
  })
}
const events = new EventSource('events' + location.search)
events.addEventListener('message', (event) => show(JSON.parse(event.data)))
events.addEventListener('error', () => {
  show({ kind: 'unplugged', title: screen.dataset.lost, lines: [] })
})
`
