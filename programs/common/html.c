#include "common/html.h"

#include <stdarg.h>
#include <stdio.h>

#include "codec/codec.h"

/* Colours and measures are the project's tokens. Charts use colours that keep 3:1 against both
 * backgrounds; every bar also carries its label and its number. */
static const char style[] =
    ":root{color-scheme:light dark;--bg:#fff;--surface:#f3f4f0;--text:#16222c;--muted:#4a5763;"
    "--line:#6b7884;--link:#0b4f6c;--ok:#1b6b3a;--warn:#7a5000;--bad:#a61b1b;--focus:#16222c;"
    "--c1:#3a7ca5;--c2:#c2571a;--c3:#4c9a50;--c4:#9b6bc0;--c5:#a8871a;--c6:#d0547f;--c0:#5b6770}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#10181f;--surface:#1a252e;--text:#eef2f4;"
    "--muted:#b6c2cc;--line:#8796a3;--link:#7cc4e4;--ok:#7bd79b;--warn:#f2c14e;--bad:#ff9b94;"
    "--focus:#ffd23f;--c0:#8796a3}}\n"
    "@media(prefers-contrast:more){:root{--bg:#fff;--surface:#fff;--text:#000;--muted:#000;"
    "--line:#000}}\n"
    "@media(prefers-contrast:more) and (prefers-color-scheme:dark){:root{--bg:#000;--surface:#000;"
    "--text:#fff;--muted:#fff;--line:#fff;--link:#ffe94a;--ok:#8cffb0;--warn:#ffe94a;"
    "--bad:#ffb4ab}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--bg);color:var(--text);font:1rem/1.5 system-ui,sans-serif}\n"
    "header,main,footer{max-width:72rem;margin:0 auto;padding:16px}\n"
    "header{padding-top:32px;padding-bottom:0}\n"
    "h1{font-size:1.75rem;line-height:1.2;margin:4px 0 16px;overflow-wrap:anywhere}\n"
    "h2{font-size:1.375rem;line-height:1.3;margin:48px 0 8px;padding-top:16px;"
    "border-top:1px solid var(--line);overflow-wrap:anywhere}\n"
    "h3{font-size:1.125rem;margin:24px 0 8px;overflow-wrap:anywhere}\n"
    "p,ul,ol{max-width:66ch}\n"
    ".kicker,.muted,caption,footer{color:var(--muted)}\n"
    ".kicker{margin:0;font-weight:600}\n"
    ".mono{font-family:ui-monospace,monospace;overflow-wrap:anywhere}\n"
    ".lead{font-size:1.125rem}\n"
    ".ok{color:var(--ok)}.bad{color:var(--bad)}.warn{color:var(--warn)}\n"
    ".verdict{border-inline-start:4px solid currentColor;padding:8px 16px;margin:16px 0;"
    "background:var(--surface)}.verdict p{margin:0;color:var(--text)}.verdict "
    "strong{color:inherit}\n"
    ".test{background:repeating-linear-gradient(135deg,var(--surface),var(--surface) 12px,"
    "transparent 12px,transparent 24px);border-block:1px solid var(--line);padding:8px 16px;"
    "text-align:center;font-weight:600;max-width:none;margin:0}\n"
    "dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:8px 16px;"
    "margin:16px 0}dl div{background:var(--surface);padding:8px 12px;border-radius:4px}"
    "dt{color:var(--muted);font-size:.875rem}dd{margin:0;font-size:1.375rem;font-weight:600;"
    "font-variant-numeric:tabular-nums}\n"
    "figure{margin:16px 0;display:grid;gap:24px;grid-template-columns:minmax(0,1fr);"
    "align-items:start}@media(min-width:900px){figure{grid-template-columns:"
    "minmax(0,1fr) minmax(0,1fr)}}\n"
    "svg{display:block;width:100%;overflow:hidden;color:var(--text);font:.875rem system-ui,"
    "sans-serif}svg text{fill:currentColor}svg .n{font-variant-numeric:tabular-nums}"
    "svg .b{fill:var(--surface);stroke:var(--line)}svg .axis{stroke:var(--line)}\n"
    ".f0{fill:var(--c0)}.f1{fill:var(--c1)}.f2{fill:var(--c2)}.f3{fill:var(--c3)}"
    ".f4{fill:var(--c4)}.f5{fill:var(--c5)}.f6{fill:var(--c6)}"
    ".dots circle{stroke:var(--text);stroke-width:.4}"
    "svg.dots text{fill:var(--bg);text-anchor:middle;dominant-baseline:central;font-weight:600}\n"
    ".scroll{overflow-x:auto}.scroll:focus-visible,summary:focus-visible,a:focus-visible"
    "{outline:3px solid var(--focus);outline-offset:2px;box-shadow:0 0 0 3px #ffd23f}\n"
    "table{border-collapse:collapse;width:100%;font-size:.875rem}\n"
    "caption{text-align:start;padding:4px 0}\n"
    "th,td{padding:4px 8px;text-align:start;vertical-align:top;border-bottom:1px solid var(--line);"
    "overflow-wrap:break-word}th{font-weight:600}td.n,th.n{text-align:end;"
    "font-variant-numeric:tabular-nums}td.n{white-space:nowrap}@media(max-width:480px){th,td"
    "{padding:4px}}tbody th{font-weight:400}tr.on th,tr.on td"
    "{font-weight:600}\n"
    ".rounds th:first-child{position:sticky;inset-inline-start:0;background:var(--bg)}"
    ".rounds th,.rounds td{overflow-wrap:normal}\n"
    "summary{cursor:pointer;min-height:24px;padding:4px 0}a{color:var(--link)}\n"
    "code{font-family:ui-monospace,monospace;background:var(--surface);padding:0 4px;"
    "overflow-wrap:anywhere}\n"
    "footer{margin-top:48px;border-top:1px solid var(--line);font-size:.875rem}\n"
    ".mark{width:1.25em;height:1.25em;display:inline-block;vertical-align:-.25em;"
    "margin-inline-end:.4em;color:var(--text)}\n"
    "@media print{:root{--bg:#fff;--surface:#fff;--text:#000;--muted:#000;--line:#000;--link:#000;"
    "--ok:#000;--warn:#000;--bad:#000}details>*{display:block}figure{break-inside:avoid}"
    "h2,h3{break-after:avoid}.scroll{overflow:visible}@page{margin:15mm}}\n"
    "@media(forced-colors:active){svg .f0,svg .f1,svg .f2,svg .f3,svg .f4,svg .f5,svg .f6"
    "{fill:CanvasText}.test{border:2px solid}}\n";

void html_raw(struct pse_buf *b, const char *markup)
{
    pse_buf_put(b, markup, strlen(markup));
}

void html_format(struct pse_buf *b, const char *format, ...)
{
    char text[512];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    PSE_REQUIRE(n >= 0 && (size_t)n < sizeof text);
    pse_buf_put(b, text, (size_t)n);
}

/* One code point that may not stand as it is; false when it may. */
static bool put_special(struct pse_buf *b, uint32_t c)
{
    char hex[16];

    switch (c) {
    case '&': html_raw(b, "&amp;"); return true;
    case '<': html_raw(b, "&lt;"); return true;
    case '>': html_raw(b, "&gt;"); return true;
    case '"': html_raw(b, "&quot;"); return true;
    case '\'': html_raw(b, "&#39;"); return true;
    default: break;
    }
    if (!pse_utf8_is_unsafe(c))
        return false;
    (void)snprintf(hex, sizeof hex, "\\u{%04x}", (unsigned)c);
    html_raw(b, hex);
    return true;
}

void html_text(struct pse_buf *b, struct pse_span text)
{
    while (text.n > 0) {
        uint32_t c;

        if (pse_utf8_next(&c, &text) != PSE_OK) {
            pse_utf8_put(b, 0xFFFD);
            text = pse_span(text.p + 1, text.n - 1);
        } else if (!put_special(b, c)) {
            pse_utf8_put(b, c);
        }
    }
}

void html_str(struct pse_buf *b, const char *text)
{
    html_text(b, pse_span_str(text));
}

void html_number(struct pse_buf *b, uint64_t x)
{
    char digits[PSE_DECIMAL_TEXT];
    size_t n = pse_decimal_encode(digits, x);

    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            html_raw(b, ",");
        pse_buf_put(b, &digits[i], 1);
    }
}

/* Tenths of a per cent, rounded half up; votes stay below 2^40, so nothing overflows. */
static uint64_t permille(uint64_t part, uint64_t whole)
{
    return (part * 2000 + whole) / (2 * whole);
}

void html_percent(struct pse_buf *b, uint64_t part, uint64_t whole)
{
    uint64_t p;
    char text[48];

    if (whole == 0)
        return;
    p = permille(part, whole);
    (void)snprintf(text, sizeof text, "%llu.%llu&nbsp;%%", (unsigned long long)(p / 10),
                   (unsigned long long)(p % 10));
    html_raw(b, text);
}

static const char mark[] =
    "<svg class=\"mark\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><circle cx=\"12\" cy=\"12\" "
    "r=\"10\" fill=\"currentColor\"/><g style=\"stroke:var(--bg);fill:none\">"
    "<circle cx=\"12\" cy=\"12\" r=\"6.5\" stroke-width=\"1.5\"/></g><g style=\"fill:var(--bg)\">"
    "<circle cx=\"12\" cy=\"12\" r=\"2.25\"/></g></svg>";

void html_begin(struct pse_buf *b, struct pse_span lang, struct pse_span title, const char *kicker,
                bool test)
{
    html_raw(b, "<!DOCTYPE html>\n<html lang=\"");
    html_text(b, lang);
    html_raw(b, "\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                "<meta http-equiv=\"Content-Security-Policy\" "
                "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
                "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    html_str(b, test ? "TEST \xE2\x80\x93 " : "");
    html_str(b, kicker);
    html_raw(b, ": ");
    html_text(b, title);
    html_raw(b, "</title>\n<style>\n");
    html_raw(b, style);
    html_raw(b, "</style>\n</head>\n<body>\n");
    if (test)
        html_raw(b, "<p class=\"test\">TEST \xE2\x80\x93 an election without legal effect</p>\n");
    html_raw(b, "<header>\n<p class=\"kicker\">");
    html_str(b, kicker);
    html_raw(b, "</p>\n<h1>");
    html_text(b, title);
    html_raw(b, "</h1>\n</header>\n<main>\n");
}

void html_end(struct pse_buf *b)
{
    html_raw(b, "</main>\n<footer>\n<p>");
    html_raw(b, mark);
    html_raw(b, "<b>psephos</b></p>\n<p>This page is a view. What counts is the public record: "
                "check it with <code>psephos-verify</code>.</p>\n</footer>\n</body>\n</html>\n");
}
