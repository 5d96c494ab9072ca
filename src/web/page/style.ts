/** Calm by day and by night; nothing is told by colour alone. Contrast of text is 4.5 to 1 at least. */
export const style = `
:root{color-scheme:light dark;--ground:#f4f6f8;--card:#fff;--line:#dde2e8;--soft:#eef1f5;--text:#1b2128;--faint:#59636e;
--ok:#18742f;--bad:#c02617;--warn:#8a5a00;--pause:#5d5790;--link:#0b5cad;--badground:#fdf0ee;--warnground:#fdf6e3;--pauseground:#f2f1fa;--bar:#5b87b5;--on:#fff}
@media(prefers-color-scheme:dark){:root{--ground:#0e1217;--card:#161b22;--line:#2a313a;--soft:#1d242c;--text:#e3e9ef;--faint:#99a4b0;
--ok:#4cc26c;--bad:#ff7f73;--warn:#e0b040;--pause:#b0a8f0;--link:#74b4ff;--badground:#2a1817;--warnground:#282110;--pauseground:#1f1d33;--bar:#6d9bcb;--on:#0e1217}}
*{box-sizing:border-box}
html{font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:0 20px 24px;max-width:1480px;background:var(--ground);color:var(--text)}
h1,h2,h3,p,ul,ol,dl,dd{margin:0;padding:0}
ul,ol{list-style:none}
code{font:.86em/1.3 ui-monospace,SFMono-Regular,Consolas,"DejaVu Sans Mono",monospace;color:var(--faint);overflow-wrap:anywhere}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
section:focus{outline:0}
.none{display:none}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-999px;top:6px;z-index:2;padding:6px 12px;background:var(--card);border:1px solid var(--line);border-radius:6px}
.skip:focus{left:12px}
.faint{color:var(--faint)}
.sign{width:1em;height:1em;flex:none;vertical-align:-.13em}
.sign,.o{color:var(--faint)}
.f{fill:currentColor}.l{fill:none;stroke:var(--card);stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.o{fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round}
.sign.ok,.words.ok{color:var(--ok)}.sign.bad,.words.bad{color:var(--bad)}.sign.warn,.words.warn{color:var(--warn)}.sign.pause{color:var(--pause)}
header{display:flex;flex-wrap:wrap;align-items:center;gap:4px 20px;padding:14px 0 12px}
header .name{display:flex;align-items:baseline;gap:8px}
h1{font-size:19px;letter-spacing:-.01em}
header .name span,header .facts{color:var(--faint)}
header .facts{display:flex;flex-wrap:wrap;gap:0 14px}
.path{overflow-wrap:anywhere}
.badge{margin-left:auto;display:flex;align-items:center;gap:7px;padding:4px 12px 4px 9px;border-radius:99px;border:1px solid var(--line);background:var(--card);font-size:15px}
.badge.degraded{border-color:var(--bad);background:var(--badground)}
#dead{margin-bottom:12px;padding:10px 14px;border-radius:8px;background:var(--bad);color:var(--on);font-weight:600}
.noscript{margin-bottom:12px;color:var(--faint)}
.stale main{opacity:.55}
section{margin-bottom:14px;padding:12px 14px;background:var(--card);border:1px solid var(--line);border-radius:10px;min-width:0}
h2{font-size:12px;font-weight:600;letter-spacing:.05em;text-transform:uppercase;color:var(--faint);margin-bottom:8px}
.quiet{padding:0;border:0;background:none}
.quiet h2{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.well{display:flex;align-items:center;gap:8px;font-size:15px}
.problems{display:grid;gap:8px}
.problem{padding:9px 12px;border-left:4px solid var(--bad);border-radius:6px;background:var(--badground)}
.problem.warn{border-color:var(--warn);background:var(--warnground)}
.problem.pause{border-color:var(--pause);background:var(--pauseground)}
.problem h3{display:flex;gap:8px;align-items:baseline;font-size:15px;overflow-wrap:anywhere}
.problem .sign{transform:translateY(.13em)}
.problem .message{overflow-wrap:anywhere}
.facts{display:flex;flex-wrap:wrap}
.problem .facts{color:var(--faint);font-size:13px}
.problem .facts li:not(:last-child)::after{content:"·";padding:0 7px}
.remedy{margin-top:3px;overflow-wrap:anywhere}
.remedy b{font-weight:600}.remedy b::after{content:":"}
.tiles{display:grid;grid-template-columns:repeat(8,minmax(0,1fr));gap:10px}
.tile{padding:10px 12px;background:var(--card);border:1px solid var(--line);border-radius:10px}
.tile dt{color:var(--faint);font-size:12.5px}
.tile b{display:block;font-size:21px;line-height:1.25;font-weight:600;letter-spacing:-.01em}
.tile small{color:var(--faint);font-size:12px;display:block;min-height:18px}
.tile.broad{grid-column:span 2}
.tile.broad dd{display:flex;align-items:flex-end;gap:14px}
.tile.broad small{flex:1;min-width:80px}
.tile.alarm{border-color:var(--bad)}
.tile.alarm small{color:var(--bad)}
.backfill{display:flex;align-items:center;gap:8px;margin-top:10px}
.backfill progress{width:120px;flex:none}
.spark{display:inline-block;vertical-align:middle;width:96px;height:16px;fill:var(--bar)}
.spark .base{stroke:var(--line);stroke-width:.8}
.spark.wide{display:block;width:100%;height:34px}
.spark.bad{fill:var(--bad)}
.flow{display:grid;grid-template-columns:minmax(170px,.8fr) minmax(240px,1.2fr) minmax(220px,1fr);gap:0 44px}
.stage{position:relative;display:flex;flex-direction:column;min-width:0}
.stage+.stage::before{content:"";position:absolute;left:-33px;top:calc(50% + 11px);width:18px;border-top:2px solid var(--faint)}
.stage+.stage::after{content:"";position:absolute;left:-22px;top:calc(50% + 7px);border:5px solid transparent;border-left:8px solid var(--faint)}
.stage h3{font-size:12px;font-weight:500;color:var(--faint);margin-bottom:4px}
.stage ul{display:grid;gap:4px;margin:auto 0}
.node{display:flex;flex-wrap:wrap;gap:0 8px;align-items:baseline;padding:3px 10px;border:1px solid var(--line);border-radius:7px}
.node b{font-weight:600;overflow-wrap:anywhere}
.node small{color:var(--faint);overflow-wrap:anywhere}
.node .sign{transform:translateY(.13em)}
.words{font-size:12.5px;margin-left:auto;text-align:right}
form{display:flex;flex-wrap:wrap;align-items:center;gap:6px 16px;margin-bottom:8px}
.field{display:flex;align-items:center;gap:8px;color:var(--faint)}
input[type=search]{width:270px;max-width:100%;padding:5px 10px;font:inherit;color:var(--text);background:var(--ground);border:1px solid var(--faint);border-radius:7px}
input::placeholder{color:var(--faint);opacity:1}
.check{display:flex;align-items:center;gap:6px}
input[type=checkbox]{width:16px;height:16px;margin:0;accent-color:var(--link)}
.apply,.pager button{font:inherit;padding:4px 12px;color:var(--text);background:var(--soft);border:1px solid var(--faint);border-radius:7px;cursor:pointer}
.js .apply{display:none}
form .count{margin-left:auto;color:var(--faint)}
.scroll{overflow-x:auto;margin:0 -14px}
table{width:100%;border-collapse:collapse}
th,td{padding:4px 10px;text-align:left;font-weight:400;border-top:1px solid var(--line);white-space:nowrap}
tr>:first-child{padding-left:14px}tr>:last-child{padding-right:14px}
thead th{border-top:0;color:var(--faint);font-size:12.5px;background:var(--card)}
thead button{all:unset;cursor:pointer;padding:1px 0;border-radius:3px}
thead button:hover{color:var(--text);text-decoration:underline}
thead button:focus-visible{outline:2px solid var(--link);outline-offset:2px}
thead [aria-sort=ascending],thead [aria-sort=descending]{color:var(--text);font-weight:600}
thead span{padding-left:3px}
tbody tr:hover{background:var(--soft)}
.held th:first-child{box-shadow:inset 3px 0 var(--bad)}
.num{text-align:right}
.long{white-space:normal;overflow-wrap:anywhere;min-width:110px}
.long small{display:block}
.day .count{padding-right:10px}
.state{display:inline-flex;align-items:baseline;gap:7px}
.state .sign{transform:translateY(.13em)}
.empty{padding:6px 0;color:var(--faint)}
.pager{display:flex;justify-content:center;align-items:center;gap:14px;padding-top:10px}
.pager button:disabled{opacity:.45;cursor:default}
.pair{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:14px}
.pairs{display:grid;gap:5px;margin-bottom:10px}
.pairs div{display:grid;grid-template-columns:150px minmax(0,1fr);gap:12px;align-items:baseline}
.pairs dt{color:var(--faint)}
.pairs dd{overflow-wrap:anywhere}
.pairs b{display:inline-block;min-width:64px;font-weight:600}
.lately{display:grid;grid-template-columns:auto auto minmax(0,1fr);gap:3px 9px}
.lately li{display:grid;grid-column:1/-1;grid-template-columns:subgrid;align-items:baseline;overflow-wrap:anywhere}
.lately time{color:var(--faint);text-align:right}
.lately b{font-weight:600}
.lately .sign{transform:translateY(.13em)}
footer{color:var(--faint);font-size:12.5px;padding:2px}
@media(max-width:1240px){.tiles{grid-template-columns:repeat(4,minmax(0,1fr))}}
@media(max-width:1000px){th,td{padding:4px 7px}.wider{display:none}.pair{grid-template-columns:minmax(0,1fr);gap:0}.flow{gap:0 36px}.stage+.stage::before{left:-28px}.stage+.stage::after{left:-17px}}
@media(max-width:640px){.lately time{max-width:80px}body{padding:0 10px 16px}.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}.wide{display:none}.badge{margin-left:0}header{gap:6px 14px}
.flow{grid-template-columns:minmax(0,1fr);gap:26px}.stage+.stage::before{left:50%;top:-20px;width:0;height:10px;border-top:0;border-left:2px solid var(--faint)}
.stage+.stage::after{left:calc(50% - 4px);top:-11px;border:5px solid transparent;border-top:8px solid var(--faint)}
.field{flex:1 1 100%}input[type=search]{flex:1;width:auto}.day .spark{width:64px}form .count{margin-left:0}
th,td{padding:5px 6px}.pairs div{grid-template-columns:minmax(0,1fr);gap:0}.day .count{display:none}.state code{display:none}}
`;
