// Numbers in words, as `models/wording.py` writes them: for what is drawn in the browser.
const UNDEFINED_NUMBER = "–";
const SUPERSCRIPTS = {"-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹"};

function grouped(digits) { return digits.replace(/^\d+/, front => front.replace(/\B(?=(\d{3})+$)/g, ",")); }

function withoutZeros(digits) { return digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits; }

function percent(share) {
  if (!Number.isFinite(share)) return UNDEFINED_NUMBER;
  const digits = (100 * Math.abs(share)).toFixed(1);
  return (share < 0 && /[1-9]/.test(digits) ? "−" : "") + grouped(digits) + "%";
}

function significant(value, digits = 3) {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return Number.isNaN(value) ? UNDEFINED_NUMBER : value > 0 ? "∞" : "−∞";
  const [mantissa, exponent] = Math.abs(value).toExponential(digits - 1).split("e");
  const power = Number(exponent), sign = value < 0 ? "−" : "";
  if (power < -4 || Math.round(Math.abs(value)) >= 1e7) {
    const front = withoutZeros(mantissa);
    const raised = Array.from(String(power), each => SUPERSCRIPTS[each]).join("");
    return sign + (front === "1" ? "" : front + " × ") + "10" + raised;
  }
  return sign + withoutZeros(grouped(Math.abs(value).toFixed(Math.max(digits - 1 - power, 0))));
}
