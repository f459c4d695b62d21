/** Draws a captured terminal screen (text with SGR colour sequences, as `tmux capture-pane -e -p` gives) as an SVG picture. */

const cell = { width: 8.4, height: 18 } as const;
const padding = 16;
const background = '#1b1f27';
const foreground = '#d7dce4';

const palette: readonly string[] = [
  '#3b4252',
  '#e06c75',
  '#98c379',
  '#e5c07b',
  '#61afef',
  '#c678dd',
  '#56b6c2',
  '#d7dce4',
];

interface Style {
  readonly colour: string;
  readonly bold: boolean;
}

const plain: Style = { colour: foreground, bold: false };

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The style after one SGR sequence; what is not drawn here (background, underline) changes nothing. */
function applySgr(style: Style, parameters: string): Style {
  let now = style;
  for (const code of parameters.split(';').map(Number)) {
    if (code === 0 || Number.isNaN(code)) {
      now = plain;
    } else if (code === 1) {
      now = { ...now, bold: true };
    } else if (code === 39) {
      now = { ...now, colour: foreground };
    } else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) {
      now = { ...now, colour: palette[code % 10] ?? foreground };
    }
  }
  return now;
}

/** One line as tspans; the style goes on into the next line. */
function drawLine(line: string, start: Style): { svg: string; end: Style } {
  let style = start;
  let svg = '';
  for (const part of line.split(/\u001b\[([0-9;]*)m/).map((text, index) => ({ text, isSgr: index % 2 === 1 }))) {
    if (part.isSgr) {
      style = applySgr(style, part.text);
    } else if (part.text !== '') {
      svg += `<tspan fill="${style.colour}"${style.bold ? ' font-weight="bold"' : ''}>${escapeXml(part.text)}</tspan>`;
    }
  }
  return { svg, end: style };
}

/** The whole screen with a title bar. */
export function drawScreen(screen: string, title: string, columns: number): string {
  const lines = screen.replace(/\n+$/, '').split('\n');
  const width = Math.ceil(columns * cell.width + 2 * padding);
  const height = Math.ceil((lines.length + 2) * cell.height + 2 * padding);
  let style = plain;
  const rows = lines.map((line, index) => {
    const drawn = drawLine(line, style);
    style = drawn.end;
    return `<text x="${padding}" y="${padding + (index + 2.6) * cell.height}" xml:space="preserve">${drawn.svg}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">`,
    `<rect width="${width}" height="${height}" rx="8" fill="${background}"/>`,
    ...[0, 1, 2].map(
      (n) =>
        `<circle cx="${padding + 6 + n * 20}" cy="${padding + 4}" r="6" fill="${['#e06c75', '#e5c07b', '#98c379'][n]}"/>`,
    ),
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">`,
    `<text x="${width / 2}" y="${padding + 9}" fill="#8b93a1" text-anchor="middle">${escapeXml(title)}</text>`,
    ...rows,
    '</g></svg>\n',
  ].join('\n');
}
