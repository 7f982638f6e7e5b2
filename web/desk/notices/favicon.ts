/** The icon of the tab, with a dot while there are unread messages. */

const SIZE = 32;

/** The data URL of the icon with a dot, which is drawn once. */
let dotted: Promise<string> | undefined;

const draw = async (plain: string): Promise<string> => {
  const icon = new Image(SIZE, SIZE);
  icon.src = plain;
  await icon.decode();
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  const context = canvas.getContext("2d");
  if (!context) return plain;
  context.drawImage(icon, 0, 0, SIZE, SIZE);
  context.beginPath();
  context.arc(SIZE - 8, 8, 8, 0, 2 * Math.PI);
  context.fillStyle = "#c5221f";
  context.fill();
  return canvas.toDataURL();
};

const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
const plain = link?.href ?? "";
let isWanted = false;

/** Shows the icon with a dot, or without. */
export const showDot = async (hasDot: boolean): Promise<void> => {
  isWanted = hasDot;
  if (!link) return;
  if (!hasDot) {
    link.href = plain;
    return;
  }
  dotted ??= draw(plain);
  const icon = await dotted.catch(() => plain);
  // The messages may have been read while the icon was drawn.
  if (isWanted) link.href = icon;
};
