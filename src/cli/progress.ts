import type { BuildProgress, ReportProgress } from '../template/progress.js';
import type { CliStreams } from './terminal.js';

/** Shows the progress of long work on stderr: on a terminal one line that changes, else a line per phase. */
export class ProgressLine {
  readonly #streams: CliStreams;
  readonly #title: string;
  #phase = '';
  #isShown = false;

  constructor(streams: CliStreams, title: string) {
    this.#streams = streams;
    this.#title = title;
  }

  readonly report: ReportProgress = (progress) => {
    if (this.#streams.stderr.isTTY === true) this.#redraw(progress);
    else if (progress.phase !== this.#phase) this.#streams.stderr.write(`${this.#title}: ${progress.phase}\n`);
    this.#phase = progress.phase;
  };

  /** Takes the line away; a second call does nothing. */
  end(): void {
    if (this.#isShown) this.#streams.stderr.write('\r\u001b[K');
    this.#isShown = false;
  }

  #redraw({ phase, percentage, package: name }: BuildProgress): void {
    const share = percentage === undefined ? '' : ` ${String(percentage).padStart(3)}%`;
    const text = `${this.#title}:${share} ${phase}${name === undefined ? '' : ` ${name}`}`;
    this.#streams.stderr.write(`\r${text.slice(0, (this.#streams.stderr.columns ?? 80) - 1)}\u001b[K`);
    this.#isShown = true;
  }
}
