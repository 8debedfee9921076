// Decimals arrive as strings because a float would lose digits; they are rounded for display as strings, too.
// A float is used only to place a bar or to order rows.

const DECIMAL = /^-?\d+(\.\d+)?$/;

export const isDecimal = (value) =>
  (typeof value === "string" && DECIMAL.test(value)) || (typeof value === "number" && Number.isFinite(value));

/** `fixed("1234.565", 2)` is "1,234.57": half away from zero; `shift` moves the point first (2 for a percentage). */
export function fixed(value, digits, shift = 0) {
  const text = typeof value === "number" ? value.toFixed(10) : value;
  const negative = text.startsWith("-");
  const [whole, part = ""] = text.replace("-", "").split(".");
  const places = Math.max(part.length, digits + shift + 1);
  const units = BigInt(whole + part.padEnd(places, "0"));
  const step = 10n ** BigInt(places - shift - digits);
  const rounded = (units + step / 2n) / step;
  const plain = rounded.toString().padStart(digits + 1, "0");
  const head = plain.slice(0, plain.length - digits).replace(/\B(?=(\d{3})+$)/g, ",");
  const tail = digits > 0 ? "." + plain.slice(-digits) : "";
  return (negative && rounded !== 0n ? "\u2212" : "") + head + tail;
}

export const signed = (value, digits, shift = 0) => {
  const text = fixed(value, digits, shift);
  return text.startsWith("\u2212") || /^[0.,]+$/.test(text) ? text : "+" + text;
};

export const percent = (value) => fixed(value, 1, 2) + "\u00a0%";

/** With thousands separated, and of a long fraction what a person reads; money keeps its two digits. */
export const grouped = (value) => {
  const part = String(value).split(".")[1] ?? "";
  return part.length <= 2 ? fixed(value, part.length) : fixed(value, 4).replace(/\.?0+$/, "");
};
