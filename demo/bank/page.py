"""The page of the demo's bank, in Persian, for a phone."""

PAGE = """<!doctype html>
<html lang="fa" dir="rtl"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>بانک نمایشی</title><link rel="icon" href="data:,">
<style>
*{box-sizing:border-box}body{margin:0;background:#eef1f6;font:16px/1.8 Vazirmatn,Tahoma,sans-serif;color:#1d2433}
main{max-width:26rem;margin:0 auto;padding:1rem}
.card{background:#fff;border-radius:14px;padding:1.2rem;box-shadow:0 1px 4px #0002}
h1{font-size:1.1rem;margin:0 0 .4rem}p{margin:.3rem 0}.dim{color:#667;font-size:.85rem}
.sum{font-size:1.5rem;font-weight:bold;margin:.6rem 0}
form{margin:.5rem 0}button{width:100%;padding:.75rem;font:inherit;border:0;border-radius:10px;background:#e3e7ee;color:#1d2433}
button.go{background:#0b6b3a;color:#fff;font-weight:bold}button.no{background:#fbe4e4;color:#8b1a1a}
</style></head><body><main><div class="card">
{% if payment is none %}
<h1>تراکنش پیدا نشد</h1><p>این نشانی در بانک نمایشی شناخته نیست.</p>
{% elif payment.stand == Stand.IN_BANK %}
<h1>درگاه پرداخت بانک نمایشی</h1>
<p class="dim">هیچ پولی جابه‌جا نمی‌شود.</p>
<p>{{ payment.description }}</p>
<p class="sum">{{ "{:,}".format(payment.amount).replace(",", "٬").translate({48:"۰",49:"۱",50:"۲",51:"۳",52:"۴",53:"۵",54:"۶",55:"۷",56:"۸",57:"۹"}) }} ریال</p>
{% for action, label, kind in [("pay", "پرداخت", "go"), ("cancel", "انصراف", "no"), ("leave", "پرداخت و بستن صفحه (بدون بازگشت)", ""), ("slow", "پرداخت کند", ""), ("error", "خطای بانک", "")] %}
<form method="post" action="/bank/{{ payment.ref }}/{{ action }}"><button class="{{ kind }}">{{ label }}</button></form>
{% endfor %}
{% elif payment.stand == Stand.FAILED %}
<h1>خطا در پرداخت</h1><p>پرداخت انجام نشد. این صفحه را ببندید و به گفت‌وگو بازگردید.</p>
{% else %}
<h1>پرداخت انجام شد</h1><p>این صفحه را ببندید و به گفت‌وگو بازگردید.</p>
{% endif %}
</div></main></body></html>
"""
